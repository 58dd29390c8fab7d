"""Brushwork: a sketch is painted over in strokes, from broad to fine, along its forms."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Floats = NDArray[np.float32]

BROAD, FINE = 0.034, 0.0024  # stroke widths; 1 is the square root of the canvas's area
THINNEST = 2.0  # pixels of the canvas
LENGTH = (2.5, 5.5)  # of a stroke, in widths
BRISTLES = 4  # lines that make a stroke, each of slightly other colour
SPREAD = 7.5  # of colours among strokes and bristles, levels
TOLERATED = 12.0  # levels that a place may be off before it is sure to be painted over
FULL_DENSITY_STEPS = 10  # more steps lay thinner layers
SUPERSAMPLED = 1_600_000  # pixels up to which the canvas is twice as large as the painting


class Canvas:
    """What has been painted so far."""

    def __init__(
        self, sketch: Image.Image, width: int, height: int, rng: np.random.Generator
    ) -> None:
        self._scale = 2 if width * height <= SUPERSAMPLED else 1
        self._sketch, self._rng = sketch, rng
        self._directions = _directions(sketch)
        ground = sketch.filter(ImageFilter.GaussianBlur(sketch.height / 30))
        size = (width * self._scale, height * self._scale)
        self.image = ground.resize(size, Image.Resampling.BICUBIC)

    def finished(self) -> Image.Image:
        return self.image.reduce(self._scale) if self._scale > 1 else self.image

    def lay(self, step: int, steps: int) -> None:
        """Paint one layer: the first of all steps with the broadest brush, the last the finest."""
        fineness = step / max(1, steps - 1)
        size = math.sqrt(self.image.width * self.image.height)
        width = max(THINNEST, BROAD * (FINE / BROAD) ** fineness * size)
        at = self._places(width, fineness, min(1.0, FULL_DENSITY_STEPS / steps))
        lines, colours = self._lines(at, width, fineness)
        pen = ImageDraw.Draw(self.image)
        thickness = max(1, round(width / BRISTLES * 1.6))
        for line, colour in zip(lines.tolist(), colours.tolist(), strict=True):
            pen.line(line, fill=tuple(colour), width=thickness)

    def _places(self, width: float, fineness: float, density: float) -> Floats:
        """The middles of strokes (strokes × x, y; 0-1), in random order. Finer layers keep to
        where the canvas is still off the sketch."""
        columns = max(1, int(self.image.width / width / 1.3))
        rows = max(1, int(self.image.height / width / 1.3))
        places = np.indices((columns, rows), np.float32).reshape(2, -1).T
        places = (places + self._rng.random(places.shape, np.float32)) / (columns, rows)
        wanted = _sampled(self._mistakes(), places) ** 2 + (1 - fineness) ** 2
        kept = self._rng.random(len(places), np.float32) < wanted * density
        return self._rng.permutation(places[kept])

    def _mistakes(self) -> Floats:
        """How far the canvas is off around each pixel of the sketch; 1 is what is tolerated."""
        seen = self.image.resize(self._sketch.size, Image.Resampling.BOX, reducing_gap=1)
        off = ImageChops.difference(seen, self._sketch).convert("L")
        around = off.filter(ImageFilter.BoxBlur(2))
        return np.asarray(around, np.float32) / TOLERATED

    def _lines(
        self, places: Floats, width: float, fineness: float
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Ends (x0, y0, x1, y1) and colours of the bristles of all strokes."""
        count = len(places)
        along = _sampled(self._directions, places)
        along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
        shorter = 1 - 0.45 * fineness
        reach = along * (width / 2 * shorter * self._rng.uniform(*LENGTH, (count, 1)))
        across = np.stack([-along[:, 1], along[:, 0]], axis=1) * width / BRISTLES
        middle = places * self.image.size
        offsets = np.arange(BRISTLES) - (BRISTLES - 1) / 2
        middles = middle[:, None] + across[:, None] * offsets[None, :, None]
        uneven = self._rng.uniform(0.75, 1.1, (count, BRISTLES, 1))
        ends = np.concatenate(
            [middles - reach[:, None] * uneven, middles + reach[:, None] * uneven], axis=2
        )
        return ends.reshape(-1, 4).astype(np.int32), self._colours(places, fineness)

    def _colours(self, places: Floats, fineness: float) -> NDArray[np.uint8]:
        """One for each bristle: the sketch's, a little off as a whole and by the bristle."""
        colours = _sampled(np.asarray(self._sketch, np.float32), places)[:, None]
        spread = SPREAD * (1.3 - fineness)
        hue = self._rng.normal(0, spread * 0.5, (len(places), 1, 3))
        stroke = self._rng.normal(0, spread, (len(places), 1, 1))
        bristle = self._rng.normal(0, spread * 0.6, (len(places), BRISTLES, 1))
        return np.clip(colours + hue + stroke + bristle, 0, 255).astype(np.uint8).reshape(-1, 3)


def _sampled(field: Floats, places: Floats) -> Floats:
    rows, columns = field.shape[:2]
    x, y = (places * (columns, rows)).astype(np.int32).T
    return field[np.minimum(y, rows - 1), np.minimum(x, columns - 1)]


def _directions(sketch: Image.Image) -> Floats:
    """Unit-free vectors (x, y) along the forms: across the mean gradient of a neighbourhood."""
    gy, gx = np.gradient(np.asarray(sketch.convert("L"), np.float32))
    doubled = _smooth(gx * gx - gy * gy, sketch), _smooth(2 * gx * gy, sketch)
    level = 1.5  # where there is next to no gradient
    angle = np.arctan2(-doubled[1], level - doubled[0]) / 2
    return np.stack([np.cos(angle), np.sin(angle)], axis=2).astype(np.float32)


def _smooth(field: Floats, sketch: Image.Image) -> Floats:
    """A blur over a sixtieth of the height, by way of a small picture."""
    cells = max(1, round(sketch.height / 60))
    small = (max(1, sketch.width // cells), max(1, sketch.height // cells))
    image = Image.fromarray(field.astype(np.float32)).resize(small, Image.Resampling.BOX)
    return np.array(image.resize(sketch.size, Image.Resampling.BICUBIC))
