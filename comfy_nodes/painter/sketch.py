"""The small picture that the painter looks at while painting: shapes and light, no brushwork."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .palette import Colour

Point = tuple[float, float]  # in picture heights, from the top left
Floats = NDArray[np.float32]

PIXELS = 700_000  # of a sketch, whatever the size of the painting


class Sketch:
    """Lengths are in picture heights, so that shapes keep their proportions in every format."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        scale = min(1.0, math.sqrt(PIXELS / (width * height)))
        self.image = Image.new("RGB", (max(8, round(width * scale)), max(8, round(height * scale))))
        self.width = self.image.width / self.image.height  # in picture heights
        self.rng = rng

    def polygon(self, points: Sequence[Point], colour: Colour, *, opacity: float = 1.0) -> None:
        self._draw().polygon(self._pixels(points), fill=_rgba(colour, opacity))

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, *, opacity: float = 1.0
    ) -> None:
        corners = self._pixels([(x - rx, y - ry), (x + rx, y + ry)])
        self._draw().ellipse(corners, fill=_rgba(colour, opacity))

    def line(
        self, points: Sequence[Point], width: float, colour: Colour, *, opacity: float = 1.0
    ) -> None:
        pixels = max(1, round(width * self.image.height))
        self._draw().line(
            self._pixels(points), fill=_rgba(colour, opacity), width=pixels, joint="curve"
        )

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light that spreads around a point, added to what is there."""
        left, top = ((value - radius) * self.image.height for value in (x, y))
        side = max(3, round(2 * radius * self.image.height))
        box = (round(left), round(top), round(left) + side, round(top) + side)
        away = np.linspace(-1, 1, side, dtype=np.float32)
        distance = np.sqrt(away[:, None] ** 2 + away[None] ** 2)
        fall = np.clip(1 - distance, 0, 1) ** 2.4 * strength
        light = fall[..., None] * np.array(colour, np.float32)
        under = np.asarray(self.image.crop(box), np.float32)
        screened = 255 - (255 - under) * (255 - np.clip(light, 0, 255)) / 255
        self.image.paste(Image.fromarray(screened.astype(np.uint8)), box)

    def wash(self, colour: Colour, opacity: Floats) -> None:
        """Lay a colour over everything, as thick as the map (rows × columns, 0-1) says."""
        mask = Image.fromarray((np.clip(opacity, 0, 1) * 255).astype(np.uint8))
        layer = Image.new("RGB", self.image.size, _rgba(colour, 1)[:3])
        self.image.paste(layer, (0, 0), mask.resize(self.image.size, Image.Resampling.BICUBIC))

    def down(self) -> Floats:
        """y of every row (rows × 1), in picture heights."""
        return np.arange(self.image.height, dtype=np.float32)[:, None] / self.image.height

    def noise(self, cells_across: float, *, stretch: float = 1.0, octaves: int = 4) -> Floats:
        """Smooth fractal noise over the sketch, 0 to 1; `stretch` makes it wider than high."""
        total = np.zeros((self.image.height, self.image.width), np.float32)
        cells, weight = cells_across, 1.0
        for _ in range(octaves):
            rows = max(2, round(cells * stretch / self.width)) + 1
            coarse = self.rng.random((rows, max(2, round(cells)) + 1), dtype=np.float32)
            layer = Image.fromarray(coarse).resize(self.image.size, Image.Resampling.BICUBIC)
            total += np.asarray(layer) * weight
            cells, weight = cells * 2, weight / 2
        low, high = total.min(), total.max()
        return (total - low) / (high - low)

    def ridge(self, rough: float, *, points: int = 65) -> list[float]:
        """Heights from -1 to 1 along a line, by midpoint displacement."""
        heights = np.zeros(points)
        step, spread = points - 1, 1.0
        heights[[0, -1]] = self.rng.uniform(-0.5, 0.5, 2)
        while step > 1:
            middle = np.arange(step // 2, points - 1, step)
            mean = (heights[middle - step // 2] + heights[middle + step // 2]) / 2
            heights[middle] = mean + self.rng.uniform(-spread, spread, len(middle)) * 0.6
            step, spread = step // 2, spread * rough
        return list(heights / max(1e-6, np.abs(heights).max()))

    def _draw(self) -> ImageDraw.ImageDraw:
        return ImageDraw.Draw(self.image, "RGBA")

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.image.height, y * self.image.height) for x, y in points]


def _rgba(colour: Colour, opacity: float) -> tuple[int, ...]:
    return (*(round(min(255.0, max(0.0, channel))) for channel in colour), round(opacity * 255))
