"""The sky, and what falls from it."""

import numpy as np
from PIL import Image, ImageDraw

from .palette import WHITE, Colour, Light, mix
from .sketch import Point, Sketch

STARS = 170
FLAKES, DROPS = 900, 1100
SUN, MOON = 0.042, 0.034  # radius in picture heights


def paint_sky(sketch: Sketch, light: Light, *, horizon: float, clouds: float) -> Point:
    """Everything down to the horizon; where the sun or moon stands. `clouds` is 0 to 1."""
    sketch.image.paste(_gradient(sketch, light, horizon))
    if light.stars:
        _stars(sketch, horizon)
    x = sketch.width * sketch.rng.choice([0.2, 0.28, 0.7, 0.78]) + sketch.rng.uniform(-0.05, 0.05)
    source = float(x), horizon * (1 - light.height * 0.8)
    _shine(sketch, light, source)
    if clouds:
        _clouds(sketch, light, horizon, clouds)
    return source


def _gradient(sketch: Sketch, light: Light, horizon: float) -> Image.Image:
    stops = [0.0, 0.45 * horizon, horizon * 0.82, horizon]
    colours = np.array([light.zenith, mix(light.zenith, light.middle, 0.75), light.horizon])
    colours = np.vstack([colours, mix(light.horizon, WHITE, 0.12)])
    y = np.arange(sketch.image.height) / sketch.image.height
    rows = np.stack([np.interp(y, stops, colours[:, channel]) for channel in range(3)], axis=1)
    return Image.fromarray(rows[:, None].astype(np.uint8)).resize(sketch.image.size)


def _stars(sketch: Sketch, horizon: float) -> None:
    for x, y, size in sketch.rng.random((STARS, 3)):
        radius = 0.0007 + 0.0016 * size**3
        opacity = 0.35 + 0.65 * size
        place = x * sketch.width, horizon * y**1.3
        sketch.ellipse(*place, radius, radius, (236, 240, 255), opacity=opacity)


def _shine(sketch: Sketch, light: Light, source: Point) -> None:
    sketch.glow(*source, 0.9, light.source, 0.4)
    sketch.glow(*source, 0.25, light.source, 0.6)
    radius = MOON if light.stars else SUN
    sketch.ellipse(*source, radius, radius, light.source)


def _clouds(sketch: Sketch, light: Light, horizon: float, amount: float) -> None:
    density = sketch.noise(3.5, stretch=3.2, octaves=5)
    cover = np.clip((density - (0.75 - 0.4 * amount)) * 4, 0, 1)
    y = sketch.down()
    cover *= np.clip((horizon - y) / horizon * 3, 0, 1)
    lift = max(1, sketch.image.height // 40)
    bright = np.clip((density - np.roll(density, -lift, axis=0)) * 5 + 0.5, 0, 1)
    sketch.wash(mix(light.middle, light.shade, 0.3), cover * 0.7)
    sketch.wash(_cloud_colour(light), cover * bright * 0.85)


def _cloud_colour(light: Light) -> Colour:
    return mix(light.middle, light.horizon, 0.5) if light.stars else mix(light.horizon, WHITE, 0.35)


def haze(sketch: Sketch, light: Light, *, horizon: float, strength: float) -> None:
    """Fog that lies around the horizon."""
    y = sketch.down()
    band = np.exp(-(((y - horizon) / 0.22) ** 2)) * strength
    patches = 0.6 + 0.4 * sketch.noise(3, stretch=3, octaves=3)
    sketch.wash(mix(light.horizon, light.middle, 0.35), (band * patches).astype(np.float32))


def snowfall(image: Image.Image, rng: np.random.Generator) -> None:
    """Flakes over a painting: few near ones, many far ones."""
    pen = ImageDraw.Draw(image, "RGBA")
    for x, y, near in rng.random((FLAKES, 3)):
        radius = image.height * (0.0011 + 0.0052 * near**7)
        left, top = x * image.width, y * image.height
        box = (left - radius, top - radius, left + radius, top + radius * 1.15)
        pen.ellipse(box, fill=(250, 251, 255, int(120 + 110 * rng.random())))


def rainfall(image: Image.Image, rng: np.random.Generator) -> None:
    pen = ImageDraw.Draw(image, "RGBA")
    for x, y, near in rng.random((DROPS, 3)):
        length = image.height * (0.015 + 0.05 * near**3)
        end = (x * image.width - length * 0.22, y * image.height + length)
        start = (x * image.width, y * image.height)
        width = max(1, round(image.height * 0.0014 * (0.6 + near)))
        pen.line([start, end], fill=(226, 234, 246, int(40 + 60 * near)), width=width)
