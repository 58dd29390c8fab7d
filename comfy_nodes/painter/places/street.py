"""A street that runs away from us, in one-point perspective."""

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
IRON: Colour = (44, 46, 54)
SNOW: Colour = (240, 244, 253)

Corners = list[tuple[float, float, float]]  # metres, as `Street.at` takes them


class Street:
    def __init__(self, sketch: Sketch, scene: Scene) -> None:
        self.sketch, self.scene = sketch, scene
        self.horizon = 0.5
        self._middle = sketch.width * sketch.rng.uniform(0.42, 0.58)

    def at(self, x: float, y: float, z: float) -> Point:
        """Where a point is seen: x metres right of the middle, y up, z away."""
        return self._middle + FOCAL * x / z, self.horizon + FOCAL * (EYE - y) / z

    def face(self, corners: Corners, colour: Colour, *, opacity: float = 1.0) -> None:
        self.sketch.polygon([self.at(*corner) for corner in corners], colour, opacity=opacity)

    def accent(self) -> Colour:
        return self.scene.accents[int(self.sketch.rng.integers(len(self.scene.accents)))]

    def seen(self, colour: Colour, z: float) -> Colour:
        """In the light of the scene, through z metres of air."""
        thick = {"fog": 22, "snow": 45, "rain": 50}.get(self.scene.weather, 90)
        veil = mix(self.scene.light.horizon, self.scene.light.middle, 0.35)
        return mix(lit(colour, self.scene.light.ambient), veil, 1 - float(np.exp(-z / thick)))


def _along(x: float, low: float, high: float, near: float, far: float) -> Corners:
    """An upright rectangle beside the street."""
    return [(x, low, near), (x, low, far), (x, high, far), (x, high, near)]


def _across(left: float, right: float, low: float, high: float, z: float) -> Corners:
    """An upright rectangle that faces us."""
    return [(left, low, z), (right, low, z), (right, high, z), (left, high, z)]


def _flat(left: float, right: float, near: float, far: float) -> Corners:
    """A rectangle on the ground."""
    return [(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)]


def _slope(edge: float, top: float, high: float, low: float, near: float, far: float) -> Corners:
    """A roof or awning along the street, from `top` at `high` down to `edge` at `low`."""
    return [(top, high, near), (top, high, far), (edge, low, far), (edge, low, near)]


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
            view.face(_flat(left, right, near, far), colour)
    _tracks(view, dark=0.3 if snow else 0.15)


def _tracks(view: Street, *, dark: float) -> None:
    """Where wheels and feet have gone, along the street."""
    rng, light = view.sketch.rng, view.scene.light
    for x in (*rng.normal(-1.0, 0.25, 5), *rng.normal(1.0, 0.25, 5), *rng.normal(0, 2.5, 8)):
        near, far = rng.uniform(1.2, 2.5), rng.uniform(10, 40)
        width = rng.uniform(0.05, 0.16)
        corners = _flat(x - width, x + width, near, far)
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
    wall = mix(wall, view.accent(), 0.18)
    x = side * HALF_WIDTH
    _roof(view, x=x, height=height, near=near, far=far)
    end = view.seen(mix(wall, scene.light.shade, 0.35), near)
    view.face(_across(x, x + side * 9, 0, height, near), end)
    for z0, z1 in _pieces(near, far, 6):
        colour = mix(view.seen(wall, (z0 + z1) / 2), scene.light.shade, 0.12 if side < 0 else 0.28)
        view.face(_along(x, 0, height, z0, z1), colour)
    for floor in range(1, floors):
        _windows(view, x=x, floor=floor, near=near, far=far)
    _shop(view, x=x, side=side, near=near, far=far)


def _pieces(near: float, far: float, count: int) -> list[tuple[float, float]]:
    edges = np.linspace(far, near, count + 1)
    return [(float(b), float(a)) for a, b in pairwise(edges)]


def _roof(view: Street, *, x: float, height: float, near: float, far: float) -> None:
    side = 1 if x > 0 else -1
    cover = SNOW if view.scene.weather == "snow" else ROOF
    slope = _slope(x - side * 0.35, x + side * 4, height + 2.6, height, near, far)
    view.face(slope, view.seen(cover, (near + far) / 2))
    gable = [(x, height, near), (x + side * 9, height, near), (x + side * 4.5, height + 2.6, near)]
    view.face(gable, view.seen(mix(ROOF, view.scene.light.shade, 0.4), near))


def _windows(view: Street, *, x: float, floor: int, near: float, far: float) -> None:
    for z0, z1 in _pieces(near, far, max(2, round((far - near) / 2.3))):
        gap = (z1 - z0) * 0.27
        _window(view, x=x, bottom=floor * FLOOR + 0.9, near=z0 + gap, far=z1 - gap)


def _window(view: Street, *, x: float, bottom: float, near: float, far: float) -> None:
    scene = view.scene
    frame = view.seen(mix(WHITE, (180, 170, 160), 0.5), near)
    pane = _pane(view, near, shining=view.sketch.rng.random() < scene.light.lamps)
    middle, top = (near + far) / 2, bottom + 1.6
    view.face(_along(x, bottom - 0.12, top + 0.12, near - 0.12, far + 0.12), frame)
    view.face(_along(x, bottom, top, near, far), pane)
    view.face(_along(x, bottom, top, middle - 0.04, middle + 0.04), frame)
    if scene.weather == "snow":
        sill = _along(x, bottom - 0.22, bottom - 0.02, near - 0.15, far + 0.15)
        view.face(sill, view.seen(SNOW, near))


def _pane(view: Street, z: float, *, shining: bool) -> Colour:
    light = view.scene.light
    if not shining:
        return view.seen(mix(light.zenith, (40, 46, 60), 0.55), z)
    warm = mix(LAMPLIGHT, WHITE, 0.2 * view.sketch.rng.random())
    return mix(warm, light.horizon, min(0.5, z / 120))


def _shop(view: Street, *, x: float, side: int, near: float, far: float) -> None:
    """Ground floor: a wide window, and an awning in one of the colours of the prompt."""
    light = view.scene.light
    shining = view.sketch.rng.random() < light.lamps + 0.25
    z0, z1 = near + 0.8, far - 0.8
    view.face(_along(x, 0.5, 2.5, z0, z1), _pane(view, z0, shining=shining))
    for _, post in _pieces(z0, z1, 4):
        view.face(_along(x, 0.5, 2.5, post - 0.07, post + 0.07), view.seen((74, 58, 52), post))
    _awning(view, x=x, side=side, near=z0, far=z1)
    if shining:
        spot = view.at(x - side * 1.2, 0, (z0 + z1) / 2)
        view.sketch.glow(*spot, 3.2 / (z0 + z1), LAMPLIGHT, 0.35)


def _awning(view: Street, *, x: float, side: int, near: float, far: float) -> None:
    cloth = view.seen(view.accent(), near)
    edge = x - side * 1.1
    view.face(_slope(edge, x, 2.95, 2.45, near, far), cloth)
    view.face(_along(edge, 2.25, 2.45, near, far), mix(cloth, view.scene.light.shade, 0.3))
    if view.scene.weather == "snow":
        view.face(_slope(x - side * 0.8, x, 3.02, 2.68, near, far), view.seen(SNOW, near))


def _lamps(view: Street) -> None:
    for z in (34.0, 24.0, 16.5, 11.0, 7.0, 4.4):
        for side in (-1, 1):
            _lamp(view, x=side * (HALF_WIDTH - PAVEMENT + 0.25), z=z)


def _lamp(view: Street, *, x: float, z: float) -> None:
    shining = view.scene.light.lamps > 0.2
    iron, glass = view.seen(IRON, z), view.seen((190, 196, 200), z)
    view.face(_across(x - 0.09, x + 0.09, 0, 0.9, z), iron)
    view.face(_across(x - 0.045, x + 0.045, 0.9, 3.6, z), iron)
    lantern = [(x - 0.13, 3.6, z), (x + 0.13, 3.6, z), (x + 0.2, 4.1, z), (x - 0.2, 4.1, z)]
    view.face(lantern, mix(LAMPLIGHT, WHITE, 0.5) if shining else glass)
    cap = SNOW if view.scene.weather == "snow" else iron
    view.face([(x - 0.26, 4.1, z), (x + 0.26, 4.1, z), (x, 4.4, z)], cap)
    if shining:
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
