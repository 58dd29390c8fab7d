"""What several places are made of: surfaces in their light, far mountains, grass, trees."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..palette import WHITE, Colour, lit, mix, scaled
from ..sketch import Point, Sketch
from ..words import Scene

SNOW: Colour = (240, 244, 252)
GRASS: Colour = (104, 138, 66)
FIR: Colour = (38, 66, 58)
ROCK: Colour = (104, 104, 118)
SAND: Colour = (224, 180, 124)


def surface(scene: Scene, colour: Colour, *, distance: float, snow: float = 0.9) -> Colour:
    """A surface in the light of the scene, snowed on, and paler with distance (0-1)."""
    covered = mix(colour, SNOW, snow) if scene.weather == "snow" else colour
    return mix(lit(covered, scene.light.ambient), scene.light.horizon, distance * 0.85)


def along(sketch: Sketch, heights: Sequence[float]) -> np.ndarray:
    return np.linspace(-0.02, sketch.width + 0.02, len(heights))


def far_range(
    sketch: Sketch, scene: Scene, *, base: float, height: float, rough: float, distance: float
) -> None:
    heights = [base - height * (0.55 + 0.45 * peak) for peak in sketch.ridge(rough)]
    x = along(sketch, heights)
    body = surface(scene, ROCK, distance=distance, snow=0.35)
    line = list(zip(x, heights, strict=True))
    sketch.polygon([*line, (x[-1], base), (x[0], base)], mix(body, scene.light.shade, 0.25))
    for (x0, y0), (x1, y1) in pairwise(line):
        _flank(sketch, scene, ((x0, y0), (x1, y1)), base=base, distance=distance)


def _flank(
    sketch: Sketch, scene: Scene, edge: tuple[Point, Point], *, base: float, distance: float
) -> None:
    """The strip below one piece of a ridge: snow on top, bright if it looks to the light."""
    (x0, y0), (x1, y1) = edge
    facing = 0.5 + 0.5 * math.tanh((y1 - y0) / (x1 - x0) * 2)
    height = base - min(y0, y1)
    cap = height * sketch.rng.uniform(0.2, 0.5) * min(1, height * 5)
    slant = (x1 - x0) * sketch.rng.uniform(-1.5, 1.5)
    snow = mix(surface(scene, SNOW, distance=distance), scene.light.shade, 0.45 * (1 - facing))
    rock = mix(surface(scene, ROCK, distance=distance), scene.light.shade, 0.5 * (1 - facing))
    for depth, colour in ((height * 0.9, rock), (cap, snow)):
        foot = [(x1 + slant, y1 + depth), (x0 + slant, y0 + depth)]
        sketch.polygon([edge[0], edge[1], *foot], colour, opacity=0.55)


def tufts(sketch: Sketch, scene: Scene, ground: Colour, *, top: float, count: int) -> None:
    """Blades of grass, longer the nearer."""
    for x, depth, shade in sketch.rng.random((count, 3)):
        y = top + (1.02 - top) * depth
        blade = (0.008 + 0.04 * depth) * (0.35 if scene.weather == "snow" else 1)
        colour = mix(ground, WHITE, 0.25) if shade > 0.6 else mix(ground, scene.light.shade, shade)
        lean = sketch.rng.uniform(-0.4, 0.4) * blade
        foot = (x * sketch.width, y)
        sketch.line([foot, (foot[0] + lean, y - blade)], 0.002 + 0.002 * depth, colour)


def ripples(sketch: Sketch, scene: Scene, sand: Colour, *, top: float) -> None:
    for x, depth, shade in sketch.rng.random((120, 3)):
        y, half = top + (1 - top) * depth, 0.03 + 0.12 * depth
        colour = mix(sand, scene.light.source if shade > 0.5 else scene.light.shade, 0.35)
        middle = (x * sketch.width, y - half * 0.08)
        ends = [(middle[0] - half, y), middle, (middle[0] + half, y + half * 0.1)]
        sketch.line(ends, 0.0015 + 0.003 * depth, colour, opacity=0.6)


def fir(
    sketch: Sketch, scene: Scene, *, x: float, base: float, height: float, distance: float
) -> None:
    """Tiers of branches, each a little uneven and brighter on one side."""
    body = surface(scene, FIR, distance=distance, snow=0.2)
    bright = mix(body, scene.light.horizon, 0.22)
    snow = surface(scene, SNOW, distance=distance)
    tiers = 5 + round(height * 8)
    for tier in range(tiers):
        share = tier / tiers
        top, bottom = base - height * (1 - share * 0.9), base - height * (0.9 - share * 0.9) * 0.88
        half = height * (0.05 + 0.17 * share) * sketch.rng.uniform(0.85, 1.15)
        droop = bottom + half * 0.25
        sketch.polygon([(x, top), (x + half, droop), (x, bottom), (x - half, droop)], body)
        rim = snow if scene.weather == "snow" else bright
        sketch.polygon([(x, top), (x - half * 0.3, bottom), (x - half, droop)], rim, opacity=0.6)


def leaf_tree(sketch: Sketch, scene: Scene, *, at: Point, size: float, distance: float) -> None:
    x, base = at
    bark = surface(scene, (74, 56, 46), distance=distance, snow=0.1)
    sketch.line([(x, base), (x, base - size * 0.6)], size * 0.08, bark)
    leaves = surface(scene, mix(GRASS, FIR, 0.45), distance=distance, snow=0.6)
    for dx, dy, bright in sketch.rng.normal(0, 1, (40, 3)):
        colour = mix(mix(leaves, scene.light.shade, 0.4), scaled(leaves, 1.3), 0.5 - 0.3 * dy)
        centre = x + dx * size * 0.2, base - size * (0.75 - dy * 0.14)
        radius = size * (0.07 + 0.015 * bright)
        sketch.ellipse(*centre, radius, radius, colour, opacity=0.85)
