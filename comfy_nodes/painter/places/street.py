"""A street that runs away from us, in one-point perspective."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageFilter

from ..palette import LAMPLIGHT, WHITE, Colour, lit, mix, scaled
from ..sketch import Point, Sketch
from ..sky import haze, paint_sky
from ..words import Scene

HALF_WIDTH = 5.0  # metres from the middle of the street to the houses
PAVEMENT = 1.9  # metres
EYE = 1.7  # metres above the ground
FOCAL = 0.95  # picture heights
NEAR, FAR = 2.4, 85.0  # metres
FLOOR = 3.1  # metres
WALLS: tuple[Colour, ...] = (
    (168, 112, 88), (196, 164, 126), (140, 96, 82), (176, 146, 128),
    (122, 116, 124), (204, 182, 152), (152, 124, 96), (118, 92, 88),
)  # fmt: skip
ROOF: Colour = (92, 70, 72)
ROAD: Colour = (104, 102, 110)
SNOW: Colour = (240, 244, 253)


class Street:
    def __init__(self, sketch: Sketch, scene: Scene) -> None:
        self.sketch, self.scene = sketch, scene
        self.horizon = 0.5
        self._middle = sketch.width * sketch.rng.uniform(0.42, 0.58)

    def at(self, x: float, y: float, z: float) -> Point:
        """Where a point is seen: x metres right of the middle, y up, z away."""
        return self._middle + FOCAL * x / z, self.horizon + FOCAL * (EYE - y) / z

    def face(
        self, corners: Sequence[tuple[float, float, float]], colour: Colour, *, opacity: float = 1.0
    ) -> None:
        self.sketch.polygon([self.at(*corner) for corner in corners], colour, opacity=opacity)

    def seen(self, colour: Colour, z: float) -> Colour:
        """In the light of the scene, through z metres of air."""
        thick = {"fog": 22, "snow": 45, "rain": 50}.get(self.scene.weather, 90)
        veil = mix(self.scene.light.horizon, self.scene.light.middle, 0.35)
        return mix(lit(colour, self.scene.light.ambient), veil, 1 - float(np.exp(-z / thick)))


def paint(sketch: Sketch, scene: Scene) -> float:
    """Returns the ground line of whoever stands in it."""
    view = Street(sketch, scene)
    paint_sky(sketch, scene.light, horizon=view.horizon + 0.02, clouds=0.5)
    haze(sketch, scene.light, horizon=view.horizon, strength=0.4)
    _ground(view)
    for side in (-1, 1):
        _houses(view, side)
    if scene.weather == "rain":
        _wet(view)
    _lamps(view)
    return 0.93


def _ground(view: Street) -> None:
    snow = view.scene.weather == "snow"
    road = mix(ROAD, SNOW, 0.75) if snow else ROAD
    edges = np.geomspace(1.2, FAR, 30)
    for near, far in zip(edges[-2::-1], edges[:0:-1], strict=True):
        for left, right, tone in (
            (-30, 30, 0.92),
            (-HALF_WIDTH + PAVEMENT, HALF_WIDTH - PAVEMENT, 0.78),
        ):
            colour = scaled(view.seen(SNOW if snow and tone > 0.9 else road, near), tone)
            view.face([(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)], colour)
    _tracks(view, dark=0.3 if snow else 0.15)


def _tracks(view: Street, *, dark: float) -> None:
    """Where wheels and feet have gone, along the street."""
    rng, light = view.sketch.rng, view.scene.light
    for x in (*rng.normal(-1.0, 0.25, 5), *rng.normal(1.0, 0.25, 5), *rng.normal(0, 2.5, 8)):
        near, far = rng.uniform(1.2, 2.5), rng.uniform(10, 40)
        width = rng.uniform(0.05, 0.16)
        corners = [
            (x - width, 0, near),
            (x + width, 0, near),
            (x + width, 0, far),
            (x - width, 0, far),
        ]
        view.face(corners, light.shade, opacity=dark * rng.uniform(0.4, 1))


def _houses(view: Street, side: int) -> None:
    rng = view.sketch.rng
    fronts = [NEAR * 0.5]
    while fronts[-1] < FAR:
        fronts.append(fronts[-1] + rng.uniform(5.5, 9.5))
    for near, far in zip(fronts[-2::-1], fronts[:0:-1], strict=True):
        _house(view, side, near=near, far=far)


def _house(view: Street, side: int, *, near: float, far: float) -> None:
    rng, scene = view.sketch.rng, view.scene
    floors = int(rng.integers(2, 5))
    height = floors * FLOOR + 0.7
    wall = WALLS[int(rng.integers(len(WALLS)))]
    wall = mix(wall, scene.accents[int(rng.integers(len(scene.accents)))], 0.18)
    x = side * HALF_WIDTH
    _roof(view, x=x, height=height, near=near, far=far)
    view.face(
        [(x, 0, near), (x + side * 9, 0, near), (x + side * 9, height, near), (x, height, near)],
        view.seen(mix(wall, scene.light.shade, 0.35), near),
    )
    for z0, z1 in _pieces(near, far, 6):
        colour = mix(view.seen(wall, (z0 + z1) / 2), scene.light.shade, 0.12 if side < 0 else 0.28)
        view.face([(x, 0, z0), (x, 0, z1), (x, height, z1), (x, height, z0)], colour)
    for floor in range(1, floors):
        _windows(view, x=x, floor=floor, near=near, far=far)
    _shop(view, x=x, side=side, near=near, far=far)


def _pieces(near: float, far: float, count: int) -> list[tuple[float, float]]:
    edges = np.linspace(far, near, count + 1)
    return [(float(b), float(a)) for a, b in pairwise(edges)]


def _roof(view: Street, *, x: float, height: float, near: float, far: float) -> None:
    side = 1 if x > 0 else -1
    ridge = height + 2.6
    cover = SNOW if view.scene.weather == "snow" else ROOF
    colour = view.seen(cover, (near + far) / 2)
    view.face(
        [
            (x - side * 0.35, height, near),
            (x - side * 0.35, height, far),
            (x + side * 4, ridge, far),
            (x + side * 4, ridge, near),
        ],
        colour,
    )
    view.face(
        [(x, height, near), (x + side * 9, height, near), (x + side * 4.5, ridge, near)],
        view.seen(mix(ROOF, view.scene.light.shade, 0.4), near),
    )


def _windows(view: Street, *, x: float, floor: int, near: float, far: float) -> None:
    rng, scene = view.sketch.rng, view.scene
    columns = max(2, round((far - near) / 2.3))
    bottom = floor * FLOOR + 0.9
    for z0, z1 in _pieces(near, far, columns):
        gap = (z1 - z0) * 0.27
        left, right = z0 + gap, z1 - gap
        frame = view.seen(mix(WHITE, (180, 170, 160), 0.5), left)
        pane = _pane(view, left, shining=rng.random() < scene.light.lamps)
        view.face(_upright(x, bottom - 0.12, bottom + 1.72, left - 0.12, right + 0.12), frame)
        view.face(_upright(x, bottom, bottom + 1.6, left, right), pane)
        middle = (left + right) / 2
        view.face(_upright(x, bottom, bottom + 1.6, middle - 0.04, middle + 0.04), frame)
        if scene.weather == "snow":
            view.face(
                _upright(x, bottom - 0.22, bottom - 0.02, left - 0.15, right + 0.15),
                view.seen(SNOW, left),
            )


def _upright(
    x: float, low: float, high: float, near: float, far: float
) -> list[tuple[float, float, float]]:
    return [(x, low, near), (x, low, far), (x, high, far), (x, high, near)]


def _pane(view: Street, z: float, *, shining: bool) -> Colour:
    if shining:
        return mix(
            mix(LAMPLIGHT, WHITE, 0.2 * view.sketch.rng.random()),
            view.scene.light.horizon,
            min(0.5, z / 120),
        )
    return view.seen(mix(view.scene.light.zenith, (40, 46, 60), 0.55), z)


def _shop(view: Street, *, x: float, side: int, near: float, far: float) -> None:
    """Ground floor: a wide window, a door, an awning in one of the colours of the prompt."""
    rng, scene = view.sketch.rng, view.scene
    shining = rng.random() < scene.light.lamps + 0.25
    z0, z1 = near + 0.8, far - 0.8
    view.face(_upright(x, 0.5, 2.5, z0, z1), _pane(view, z0, shining=shining))
    for _, post in _pieces(z0, z1, 4):
        view.face(_upright(x, 0.5, 2.5, post - 0.07, post + 0.07), view.seen((74, 58, 52), post))
    awning = view.seen(scene.accents[int(rng.integers(len(scene.accents)))], near + 1)
    reach = x - side * 1.1
    view.face([(x, 2.95, z0), (x, 2.95, z1), (reach, 2.45, z1), (reach, 2.45, z0)], awning)
    view.face(_upright(reach, 2.25, 2.45, z0, z1), mix(awning, scene.light.shade, 0.3))
    if scene.weather == "snow":
        view.face(
            [(x, 3.02, z0), (x, 3.02, z1), (x - side * 0.8, 2.68, z1), (x - side * 0.8, 2.68, z0)],
            view.seen(SNOW, near),
        )
    if shining:
        spot = view.at(x - side * 1.2, 0, (z0 + z1) / 2)
        view.sketch.glow(*spot, 1.6 / (z0 + z1) * 2, LAMPLIGHT, 0.35)


def _lamps(view: Street) -> None:
    lit_up = view.scene.light.lamps > 0.2
    iron: Colour = (44, 46, 54)
    for z in (34.0, 24.0, 16.5, 11.0, 7.0, 4.4):
        for side in (-1, 1):
            x = side * (HALF_WIDTH - PAVEMENT + 0.25)
            colour = view.seen(iron, z)
            for low, high, half in ((0, 0.9, 0.09), (0.9, 3.6, 0.045)):
                view.face(
                    [
                        (x - half, low, z),
                        (x + half, low, z),
                        (x + half, high, z),
                        (x - half, high, z),
                    ],
                    colour,
                )
            lantern = [(x - 0.13, 3.6, z), (x + 0.13, 3.6, z), (x + 0.2, 4.1, z), (x - 0.2, 4.1, z)]
            view.face(
                lantern, mix(LAMPLIGHT, WHITE, 0.5) if lit_up else view.seen((190, 196, 200), z)
            )
            view.face(
                [(x - 0.26, 4.1, z), (x + 0.26, 4.1, z), (x, 4.4, z)],
                SNOW if view.scene.weather == "snow" else colour,
            )
            if lit_up:
                view.sketch.glow(*view.at(x, 3.85, z), 3.0 / z, LAMPLIGHT, 0.75)
                view.sketch.glow(*view.at(x * 0.9, 0.0, z), 2.0 / z, LAMPLIGHT, 0.3)


def _wet(view: Street) -> None:
    """The ground mirrors what is above it."""
    image = view.sketch.image
    line = round((view.horizon + 0.02) * image.height)
    depth = image.height - line
    above = image.crop((0, max(0, line - depth), image.width, line)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirrored = above.resize((image.width, depth)).filter(
        ImageFilter.BoxBlur((1, image.height / 45))
    )
    under = image.crop((0, line, image.width, image.height))
    image.paste(Image.blend(under, mirrored, 0.42), (0, line))
