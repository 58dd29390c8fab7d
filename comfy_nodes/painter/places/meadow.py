"""Hills with groves and drifts of flowers."""

import numpy as np

from ..palette import WHITE, lit, mix
from ..sketch import Sketch
from ..sky import haze, paint_sky
from ..words import Scene
from .ground import GRASS, along, far_range, leaf_tree, surface, tufts


def paint(sketch: Sketch, scene: Scene) -> float:
    light, horizon = scene.light, 0.56
    paint_sky(sketch, light, horizon=horizon, clouds=0.6)
    far_range(sketch, scene, base=horizon + 0.03, height=0.14, rough=0.45, distance=0.7)
    for near in (0.0, 0.35, 0.7):
        _hill(sketch, scene, near=near, top=horizon + 0.02 + 0.15 * near)
    haze(sketch, light, horizon=horizon, strength=0.6 if scene.weather == "fog" else 0.15)
    _flowers(sketch, scene, top=horizon + 0.12)
    return 0.93


def _hill(sketch: Sketch, scene: Scene, *, near: float, top: float) -> None:
    heights = [top + 0.05 * bend for bend in sketch.ridge(0.3)]
    x = along(sketch, heights)
    hue = mix(GRASS, scene.accents[0], 0.15 + 0.3 * sketch.rng.random())
    ground = surface(scene, mix(hue, scene.light.shade, 0.15 * near), distance=0.5 * (1 - near))
    sketch.polygon([*zip(x, heights, strict=True), (x[-1], 1.1), (x[0], 1.1)], ground)
    grove = sketch.rng.uniform(0.1, 0.8) * len(heights)
    for away in sketch.rng.normal(0, 5, 7 if near < 0.6 else 2):
        at = int(np.clip(grove + away, 0, len(heights) - 1))
        size = (0.05 + 0.28 * near) * sketch.rng.uniform(0.7, 1.2)
        leaf_tree(sketch, scene, at=(x[at], heights[at] + 0.01), size=size, distance=0.5 - near / 2)
    tufts(sketch, scene, ground, top=top + 0.06, count=round(250 + 500 * near))


def _flowers(sketch: Sketch, scene: Scene, *, top: float) -> None:
    """Drifts of flowers, larger the nearer; none in snow."""
    if scene.weather == "snow":
        return
    drifts = sketch.rng.random((14, 2))
    places = np.repeat(drifts, 300, axis=0) + sketch.rng.normal(0, 0.11, (14 * 300, 2))
    for (x, depth), kind in sorted(
        zip(places.tolist(), sketch.rng.random(len(places)), strict=True),
        key=lambda flower: flower[0][1],
    ):
        if not 0 <= depth <= 1:
            continue
        petal = scene.accents[int(kind * len(scene.accents))]
        colour = lit(mix(petal, WHITE, 0.35 * sketch.rng.random()), scene.light.ambient)
        radius = 0.0015 + 0.008 * depth**2
        y = top + (1.02 - top) * depth
        sketch.ellipse(x * sketch.width, y, radius, radius * 0.8, colour)
