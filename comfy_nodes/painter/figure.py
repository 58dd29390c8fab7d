"""Somebody seen from behind, who looks into the scene."""

import math
from collections.abc import Sequence

from .palette import WHITE, Colour, lit, mix
from .sketch import Point, Sketch
from .words import Person, Scene

SHOES: Colour = (44, 38, 40)
TROUSERS: Colour = (52, 54, 70)

# Outlines of the right half, from the shoulder down.
COAT = (
    (0.045, 0.86),
    (0.1, 0.825),
    (0.105, 0.74),
    (0.085, 0.6),
    (0.13, 0.4),
    (0.175, 0.22),
    (0.0, 0.2),
)
COAT_SHADOW = (
    (0.05, 0.85),
    (0.1, 0.82),
    (0.105, 0.74),
    (0.085, 0.6),
    (0.13, 0.4),
    (0.175, 0.22),
    (0.07, 0.21),
    (0.04, 0.55),
)
COAT_EDGE = ((0.1, 0.82), (0.07, 0.8), (0.06, 0.6), (0.11, 0.22), (0.17, 0.225), (0.085, 0.6))
SLEEVE = ((0.085, 0.83), (0.125, 0.78), (0.145, 0.6), (0.14, 0.47), (0.095, 0.47), (0.09, 0.62))
LEG = ((-0.036, 0.4), (0.036, 0.4), (0.024, 0.03), (-0.024, 0.03))
SHOE = ((-0.032, 0.07), (0.032, 0.07), (0.036, -0.012), (-0.036, -0.012))


class _Body:
    """Draws in the figure's own measure: x from its middle, y from the ground up, 1 is its
    height."""

    def __init__(self, sketch: Sketch, x: float, ground: float, height: float) -> None:
        self._sketch, self._x, self._ground, self._height = sketch, x, ground, height

    def shape(self, points: Sequence[Point], colour: Colour, *, opacity: float = 1.0) -> None:
        placed = [(self._x + x * self._height, self._ground - y * self._height) for x, y in points]
        self._sketch.polygon(_rounded(placed), colour, opacity=opacity)

    def round(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        at = self._x + x * self._height, self._ground - y * self._height
        self._sketch.ellipse(*at, rx * self._height, ry * self._height, colour)


def _rounded(points: Sequence[Point], rounds: int = 2) -> list[Point]:
    """Corner cutting after Chaikin."""
    smooth = list(points)
    for _ in range(rounds):
        pairs = list(zip(smooth, smooth[1:] + smooth[:1], strict=True))
        smooth = [
            (a[0] * (1 - t) + b[0] * t, a[1] * (1 - t) + b[1] * t)
            for a, b in pairs
            for t in (0.25, 0.75)
        ]
    return smooth


def stand(sketch: Sketch, scene: Scene, person: Person, *, x: float, ground: float) -> None:
    """Paint the person with the feet at x and ground, in picture heights."""
    height = min(0.5, 0.7 * sketch.width)
    body = _Body(sketch, x, ground, height)
    _shadow(sketch, scene, x=x, ground=ground, height=height)
    _legs(body, scene)
    _coat(body, scene, person.coat)
    _head(body, scene, person)
    if person.umbrella:
        _umbrella(body, scene)


def _shadow(sketch: Sketch, scene: Scene, *, x: float, ground: float, height: float) -> None:
    for spread in (1.0, 0.75, 0.5):
        sketch.ellipse(
            x + 0.06 * height,
            ground,
            0.22 * height * spread,
            0.03 * height * spread,
            scene.light.shade,
            opacity=0.3,
        )


def _shaded(scene: Scene, colour: Colour) -> tuple[Colour, Colour, Colour]:
    """The colour in light, as it is, and in shadow; clothes keep more of their own colour than
    the ground does, so that they are what is looked at."""
    own = mix(colour, lit(colour, scene.light.ambient), 0.7)
    return mix(own, mix(scene.light.source, WHITE, 0.3), 0.3), own, mix(own, scene.light.shade, 0.5)


def _legs(body: _Body, scene: Scene) -> None:
    _, cloth, dark = _shaded(scene, TROUSERS)
    _, shoe, _ = _shaded(scene, SHOES)
    for middle, colour in ((-0.042, cloth), (0.042, dark)):
        body.shape([(middle + x, y) for x, y in LEG], colour)
        body.shape([(middle + x, y) for x, y in SHOE], shoe)


def _coat(body: _Body, scene: Scene, colour: Colour) -> None:
    bright, own, dark = _shaded(scene, colour)
    for side, sleeve in ((-1, own), (1, dark)):
        body.shape(_mirrored(SLEEVE, side), sleeve)
    body.shape([*_mirrored(COAT, -1), *reversed(COAT)], own)
    body.shape(COAT_SHADOW, dark, opacity=0.7)
    body.shape(_mirrored(COAT_EDGE, -1), bright, opacity=0.75)
    body.shape([(-0.004, 0.52), (0.006, 0.52), (0.016, 0.2), (-0.012, 0.2)], dark)
    body.shape([(-0.09, 0.6), (0.09, 0.6), (0.094, 0.57), (-0.094, 0.57)], dark, opacity=0.8)


def _head(body: _Body, scene: Scene, person: Person) -> None:
    bright, hair, dark = _shaded(scene, person.hair)
    light_scarf, scarf, _ = _shaded(scene, person.scarf)
    body.shape([(-0.06, 0.87), (0.06, 0.87), (0.085, 0.81), (-0.085, 0.81)], scarf)
    body.shape([(0.035, 0.83), (0.075, 0.83), (0.095, 0.64), (0.055, 0.64)], light_scarf)
    body.round(0, 0.93, 0.052, 0.066, hair)
    body.shape([(-0.053, 0.95), (0.053, 0.95), (0.064, 0.835), (-0.064, 0.835)], hair)
    body.shape([(0.01, 0.985), (0.05, 0.95), (0.062, 0.84), (0.02, 0.84)], dark, opacity=0.7)
    body.shape(
        [(-0.04, 0.965), (-0.015, 0.985), (-0.03, 0.85), (-0.055, 0.85)], bright, opacity=0.6
    )


def _mirrored(points: Sequence[Point], side: int) -> list[Point]:
    return [(side * x, y) for x, y in points]


def _umbrella(body: _Body, scene: Scene) -> None:
    bright, cloth, dark = _shaded(scene, scene.accents[-1])
    body.shape([(0.118, 1.16), (0.126, 1.16), (0.15, 0.5), (0.142, 0.5)], dark)
    arc = [
        (0.12 + 0.3 * math.cos(a), 1.0 + 0.2 * math.sin(a))
        for a in (3.14, 2.6, 2.1, 1.57, 1.0, 0.5, 0.0)
    ]
    body.shape([*arc, (0.3, 1.03), (0.12, 0.99), (-0.06, 1.03)], cloth)
    body.shape([arc[0], arc[1], arc[2], arc[3], (0.02, 1.02)], bright, opacity=0.6)
