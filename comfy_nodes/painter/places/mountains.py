"""Mountains behind a lake."""

from PIL import Image, ImageFilter

from ..palette import WHITE, Colour, mix
from ..sketch import Sketch
from ..sky import haze, paint_sky
from ..words import Scene
from .ground import GRASS, along, far_range, fir, surface, tufts

WATER: Colour = (46, 96, 120)


def paint(sketch: Sketch, scene: Scene) -> float:
    """Ridges behind a lake. All places return the ground line of whoever stands in front."""
    light, shore = scene.light, 0.66
    sun = paint_sky(sketch, light, horizon=shore, clouds=0.45)
    for distance, height, rough in ((0.6, 0.46, 0.62), (0.4, 0.3, 0.58), (0.2, 0.15, 0.5)):
        far_range(sketch, scene, base=shore, height=height, rough=rough, distance=distance)
    _fir_line(sketch, scene, base=shore + 0.004, height=0.07, distance=0.3)
    haze(sketch, light, horizon=shore, strength=0.5 if scene.weather == "fog" else 0.2)
    _reflect(sketch, scene, shore=shore)
    sketch.glow(sun[0], shore + 0.06, 0.28, light.source, 0.35)
    _bank(sketch, scene, top=0.88)
    return 0.95


def _fir_line(sketch: Sketch, scene: Scene, *, base: float, height: float, distance: float) -> None:
    x = -0.02
    while x < sketch.width + 0.02:
        size = height * sketch.rng.uniform(0.45, 1)
        fir(sketch, scene, x=x, base=base, height=size, distance=distance)
        x += size * sketch.rng.uniform(0.1, 0.45)


def _reflect(sketch: Sketch, scene: Scene, *, shore: float) -> None:
    """A lake below the shore: what is above it, mirrored, darker, drawn out level."""
    image = sketch.image
    line = round(shore * image.height)
    depth = image.height - line
    mirrored = image.crop((0, line - depth, image.width, line)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirrored = mirrored.filter(ImageFilter.BoxBlur((2, image.height / 90)))
    water = Image.new("RGB", mirrored.size, _whole(surface(scene, WATER, distance=0, snow=0)))
    image.paste(Image.blend(mirrored, water, 0.22), (0, line))
    for _ in range(60):
        y = shore + (1 - shore) * sketch.rng.random() ** 1.5
        x, half = sketch.rng.uniform(0, sketch.width), sketch.rng.uniform(0.02, 0.15)
        pale = mix(scene.light.horizon, WHITE, 0.2)
        sketch.line([(x - half, y), (x + half, y)], 0.002, pale, opacity=0.3)


def _whole(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (round(channel) for channel in colour)
    return red, green, blue


def _bank(sketch: Sketch, scene: Scene, *, top: float) -> None:
    heights = [top + 0.035 * bend for bend in sketch.ridge(0.4)]
    x = along(sketch, heights)
    ground = surface(scene, mix(GRASS, scene.light.shade, 0.4), distance=0)
    sketch.polygon([*zip(x, heights, strict=True), (x[-1], 1.1), (x[0], 1.1)], ground)
    tufts(sketch, scene, ground, top=top + 0.03, count=500)
    for away in sorted(sketch.rng.uniform(0, 0.24, 7), reverse=True):
        x = away - 0.03 if sketch.rng.random() < 0.6 else sketch.width + 0.03 - away
        height = sketch.rng.uniform(0.25, 0.8) * (1 - 2 * away)
        base = top + 0.08 - away * 0.2
        fir(sketch, scene, x=float(x), base=base, height=height, distance=away * 0.4)
