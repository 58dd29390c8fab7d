"""A beach, a boat, and the sun on the water."""

import numpy as np

from ..palette import WHITE, Colour, Light, lit, mix
from ..sketch import Sketch
from ..sky import haze, paint_sky
from ..words import Scene
from .ground import FIR, ROCK, SAND, along, ripples, surface

WATER: Colour = (46, 96, 120)


def paint(sketch: Sketch, scene: Scene) -> float:
    light, horizon = scene.light, 0.52
    sun = paint_sky(sketch, light, horizon=horizon, clouds=0.6)
    _open_water(sketch, scene, horizon=horizon)
    _glitter(sketch, light, x=sun[0], horizon=horizon)
    _headland(sketch, scene, horizon=horizon, left=sun[0] > sketch.width / 2)
    haze(sketch, light, horizon=horizon, strength=0.55 if scene.weather == "fog" else 0.12)
    _boat(sketch, scene, x=sketch.width - sun[0] * 0.9, y=horizon + 0.035)
    _beach(sketch, scene, top=0.84)
    return 0.94


def _open_water(sketch: Sketch, scene: Scene, *, horizon: float) -> None:
    light = scene.light
    far = mix(lit(WATER, light.ambient), light.horizon, 0.55)
    near = mix(lit(mix(WATER, scene.accents[0], 0.15), light.ambient), light.zenith, 0.25)
    bands = 40
    for band in range(bands):
        top = horizon + (1 - horizon) * (band / bands) ** 1.4
        colour = mix(far, near, (band / bands) ** 0.7)
        sketch.polygon([(0, top), (sketch.width, top), (sketch.width, 1), (0, 1)], colour)
    for x, depth, shade in sketch.rng.random((700, 3)):
        y = horizon + (1 - horizon) * depth**1.6
        half = 0.01 + 0.09 * depth
        crest = mix(light.horizon, WHITE, 0.2) if shade > 0.5 else mix(near, light.shade, 0.5)
        points = [
            (x * sketch.width - half, y),
            (x * sketch.width, y - half * 0.05),
            (x * sketch.width + half, y),
        ]
        sketch.line(points, 0.0015 + 0.005 * depth, crest, opacity=0.35)


def _glitter(sketch: Sketch, light: Light, *, x: float, horizon: float) -> None:
    """The sun's path on the water."""
    for depth, side, size in sketch.rng.random((320, 3)):
        y = horizon + 0.005 + (0.9 - horizon) * depth**1.5
        reach = (0.02 + 0.16 * depth) * (side + sketch.rng.random() - 1)
        half = 0.004 + 0.03 * depth * size
        sketch.line(
            [(x + reach - half, y), (x + reach + half, y)],
            0.0015 + 0.004 * depth,
            light.source,
            opacity=0.75,
        )


def _headland(sketch: Sketch, scene: Scene, *, horizon: float, left: bool) -> None:
    for distance, reach, height in ((0.65, 0.75, 0.1), (0.3, 0.45, 0.2)):
        bends = sketch.ridge(0.5)
        x = np.linspace(-0.02, reach, len(bends))
        falls = np.linspace(1, 0, len(bends)) ** 0.7
        y = [
            horizon + 0.004 - height * fall * (0.75 + 0.25 * bend)
            for fall, bend in zip(falls, bends, strict=True)
        ]
        if not left:
            x = sketch.width - x
        rock = surface(scene, mix(ROCK, FIR, 0.45), distance=distance, snow=0.5)
        sketch.polygon([*zip(x, y, strict=True), (x[0], horizon + 0.004)], rock)


def _boat(sketch: Sketch, scene: Scene, *, x: float, y: float) -> None:
    hull = surface(scene, (88, 60, 46), distance=0.15, snow=0)
    sail = lit(mix(scene.accents[0], WHITE, 0.25), scene.light.ambient)
    sketch.polygon(
        [(x - 0.045, y), (x + 0.05, y), (x + 0.035, y + 0.014), (x - 0.03, y + 0.014)], hull
    )
    sketch.line([(x, y), (x, y - 0.12)], 0.003, hull)
    sketch.polygon([(x + 0.004, y - 0.118), (x + 0.05, y - 0.01), (x + 0.004, y - 0.01)], sail)
    sketch.polygon(
        [(x - 0.004, y - 0.1), (x - 0.034, y - 0.01), (x - 0.004, y - 0.01)], mix(sail, WHITE, 0.35)
    )
    sketch.polygon(
        [(x - 0.04, y + 0.014), (x + 0.045, y + 0.014), (x + 0.01, y + 0.07), (x - 0.01, y + 0.07)],
        hull,
        opacity=0.3,
    )


def _beach(sketch: Sketch, scene: Scene, *, top: float) -> None:
    heights = [top + 0.03 * bend for bend in sketch.ridge(0.35)]
    x = along(sketch, heights)
    sand = surface(scene, mix(SAND, WHITE, 0.15), distance=0)
    for offset, colour, opacity in (
        (-0.035, mix(scene.light.horizon, WHITE, 0.5), 0.7),
        (-0.02, mix(sand, scene.light.shade, 0.4), 0.9),
        (0.02, sand, 1.0),
    ):
        edge = [(xx, y + offset) for xx, y in zip(x, heights, strict=True)]
        sketch.polygon([*edge, (x[-1], 1.1), (x[0], 1.1)], colour, opacity=opacity)
    ripples(sketch, scene, sand, top=top + 0.06)
