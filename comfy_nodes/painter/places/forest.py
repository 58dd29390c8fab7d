"""A path between trees."""

import numpy as np

from ..palette import Colour, Light, mix
from ..sketch import Point, Sketch
from ..sky import haze, paint_sky
from ..words import Scene
from .ground import FIR, GRASS, surface


def paint(sketch: Sketch, scene: Scene) -> float:
    light, horizon = scene.light, 0.62
    sun = paint_sky(sketch, light, horizon=0.75, clouds=0)
    _forest_floor(sketch, scene, top=horizon)
    fog = 0.75 if scene.weather == "fog" else 0.45
    for depth in (0.95, 0.8, 0.6, 0.4, 0.15):
        _trunks(sketch, scene, depth=depth, horizon=horizon)
        haze(sketch, light, horizon=horizon - 0.12, strength=fog * depth)
    _light_shafts(sketch, light, sun)
    _undergrowth(sketch, scene, top=horizon + 0.06)
    return 0.9


def _forest_floor(sketch: Sketch, scene: Scene, *, top: float) -> None:
    earth = surface(scene, mix((112, 92, 62), scene.accents[0], 0.2), distance=0)
    floor = [(0, top), (sketch.width, top), (sketch.width, 1), (0, 1)]
    sketch.polygon(floor, mix(earth, scene.light.shade, 0.25))
    bend = sketch.rng.uniform(-0.3, 0.3)
    down = np.linspace(0, 1, 14)
    for widening in (0.34, 0.27, 0.2):
        middle = sketch.width / 2 + bend * (1 - down) ** 2 * np.sin(down * 5)
        half = 0.012 + widening * down**1.3
        y = top + (1 - top) * down
        left, right = zip(middle - half, y, strict=True), zip(middle + half, y, strict=True)
        path = mix(earth, scene.light.horizon, 0.6)
        sketch.polygon([*left, *reversed(list(right))], path, opacity=0.5)


def _trunks(sketch: Sketch, scene: Scene, *, depth: float, horizon: float) -> None:
    """One row of trees; depth is 0 (near) to 1."""
    near = 1 - depth
    bark = mix(surface(scene, (72, 58, 52), distance=depth, snow=0.15), scene.light.shade, near / 4)
    for x in sketch.rng.uniform(-0.05, sketch.width + 0.05, round(8 + 34 * depth**2)):
        if abs(x - sketch.width / 2) < 0.06 + 0.4 * near:
            continue  # the path is free
        half = (0.004 + 0.026 * near) * sketch.rng.uniform(0.7, 1.2)
        _trunk(sketch, scene, bark, x=float(x), base=horizon + 0.01 + 0.26 * near**1.5, half=half)
    _canopy(sketch, scene, depth=depth)


def _trunk(
    sketch: Sketch, scene: Scene, bark: Colour, *, x: float, base: float, half: float
) -> None:
    top = x + sketch.rng.uniform(-0.03, 0.03)
    foot = [(x - half * 1.5, base), (x + half * 1.5, base)]
    sketch.polygon([*foot, (top + half * 0.7, -0.05), (top - half * 0.7, -0.05)], bark)
    bright = mix(bark, scene.light.horizon, 0.4)
    edge = [(x - half * 1.5, base), (x - half * 0.6, base), (top - half * 0.2, -0.05)]
    sketch.polygon([*edge, (top - half * 0.7, -0.05)], bright, opacity=0.7)


def _canopy(sketch: Sketch, scene: Scene, *, depth: float) -> None:
    """Leaves along the upper edge, hanging lower at the sides than over the path."""
    near = 1 - depth
    leaves = mix(mix(GRASS, FIR, 0.4), scene.accents[0], 0.25)
    leaves = surface(scene, leaves, distance=depth * 0.8, snow=0.5)
    for x, y, bright in sketch.rng.random((420, 3)):
        side = abs(x - 0.5) * 2
        colour = mix(
            mix(leaves, scene.light.shade, 0.4), mix(leaves, scene.light.horizon, 0.5), bright
        )
        radius = 0.007 + 0.014 * near * (0.5 + bright)
        low = y**1.5 * (0.08 + 0.3 * side**1.5)
        sketch.ellipse(x * sketch.width, low, radius * 1.3, radius * 0.8, colour, opacity=0.7)


def _light_shafts(sketch: Sketch, light: Light, sun: Point) -> None:
    for spread in sketch.rng.uniform(-0.7, 0.7, 7):
        foot = sun[0] + spread * 1.6
        sketch.polygon(
            [
                (sun[0] + spread * 0.2 - 0.02, -0.05),
                (sun[0] + spread * 0.2 + 0.02, -0.05),
                (foot + 0.09, 0.9),
                (foot - 0.05, 0.9),
            ],
            light.source,
            opacity=0.09,
        )
    sketch.glow(*sun, 0.6, light.source, 0.5)


def _undergrowth(sketch: Sketch, scene: Scene, *, top: float) -> None:
    ground = surface(scene, mix(GRASS, FIR, 0.3), distance=0, snow=0.7)
    for x, depth, shade in sketch.rng.random((900, 3)):
        away = abs(x - 0.5) * sketch.width
        if away < 0.04 + 0.28 * depth:
            continue
        y = top + (1.03 - top) * depth
        colour = (
            mix(ground, scene.light.horizon, 0.3)
            if shade > 0.7
            else mix(ground, scene.light.shade, 0.6 * shade)
        )
        blade = 0.01 + 0.05 * depth
        lean = sketch.rng.uniform(-0.6, 0.6) * blade
        sketch.line(
            [(x * sketch.width, y), (x * sketch.width + lean, y - blade)],
            0.002 + 0.003 * depth,
            colour,
        )
