"""Dunes."""

import numpy as np

from ..palette import lit, mix
from ..sketch import Sketch
from ..sky import paint_sky
from ..words import Scene
from .ground import SAND, ripples, surface


def paint(sketch: Sketch, scene: Scene) -> float:
    sun_x, _ = paint_sky(sketch, scene.light, horizon=0.62, clouds=0.15)
    lit_from = -1 if sun_x < sketch.width / 2 else 1
    for near in (0.0, 0.2, 0.45, 0.75, 1.0):
        _dune(sketch, scene, near=near, lit_from=lit_from)
    ripples(sketch, scene, surface(scene, SAND, distance=0), top=0.84)
    return 0.92


def _dune(sketch: Sketch, scene: Scene, *, near: float, lit_from: int) -> None:
    """A long back with one peak; its slip face, away from the light, lies in shadow."""
    base, height = 0.6 + 0.3 * near, 0.06 + 0.17 * near * sketch.rng.uniform(0.6, 1)
    peak, spread = sketch.width * sketch.rng.uniform(0.1, 0.9), 0.35 + 0.45 * near
    x = np.linspace(-0.05, sketch.width + 0.05, 90)
    away = np.abs(x - peak) / spread
    y = base - height * np.exp(-(away**1.4)) + 0.012 * np.sin(x * 5 + 9 * near)
    sand = surface(scene, mix(SAND, scene.accents[0], 0.1), distance=0.5 * (1 - near))
    bright = mix(sand, lit(scene.light.source, scene.light.ambient), 0.25)
    back = list(zip(x, y, strict=True))
    sketch.polygon([*back, (x[-1], 1.1), (x[0], 1.1)], bright)
    slip = [point for point in back if (point[0] - peak) * lit_from <= 0]
    top = max if lit_from > 0 else min
    crest = top(slip)
    winding = np.linspace(0, 1, 24)
    foot_x = crest[0] + spread * (0.22 * np.sin(winding * 4.2) - 0.25 * lit_from * winding)
    foot = list(zip(foot_x, crest[1] + (1.1 - crest[1]) * winding, strict=True))
    far_corner = (-0.05 if lit_from > 0 else sketch.width + 0.05, 1.1)
    edge = slip if lit_from < 0 else slip[::-1]
    for opacity in (0.55, 0.25):
        sketch.polygon(
            [*foot[::-1], *edge, far_corner], mix(sand, scene.light.shade, 0.6), opacity=opacity
        )
