"""Brushwork: a sketch is painted over in strokes, from broad to fine, along its forms."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Floats = NDArray[np.float32]

BROAD, FINE = 0.042, 0.0027  # stroke widths in picture heights
LENGTH = (2.5, 5.5)  # of a stroke, in widths
BRISTLES = 4  # lines that make a stroke, each of slightly other colour
SPREAD = 6.0  # of colours among strokes and bristles, levels
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
        self._detail = _detail(sketch)
        ground = sketch.filter(ImageFilter.GaussianBlur(sketch.height / 30))
        size = (width * self._scale, height * self._scale)
        self.image = ground.resize(size, Image.Resampling.BICUBIC)

    def finished(self) -> Image.Image:
        return self.image.reduce(self._scale) if self._scale > 1 else self.image

    def lay(self, step: int, steps: int) -> None:
        """Paint one layer: the first of all steps with the broadest brush, the last the finest."""
        fineness = step / max(1, steps - 1)
        width = BROAD * (FINE / BROAD) ** fineness * self.image.height
        at = self._places(width, fineness, min(1.0, FULL_DENSITY_STEPS / steps))
        lines, colours = self._lines(at, width, fineness)
        pen = ImageDraw.Draw(self.image)
        thickness = max(1, round(width / BRISTLES * 1.6))
        for line, colour in zip(lines.tolist(), colours.tolist(), strict=True):
            pen.line(line, fill=tuple(colour), width=thickness)

    def _places(self, width: float, fineness: float, density: float) -> Floats:
        """Where strokes begin (strokes × x, y; 0-1), in random order. Finer layers keep to where
        there is something to see."""
        columns = max(1, int(self.image.width / width / 1.3))
        rows = max(1, int(self.image.height / width / 1.3))
        places = np.indices((columns, rows), np.float32).reshape(2, -1).T
        places = (places + self._rng.random(places.shape, np.float32)) / (columns, rows)
        wanted = _sampled(self._detail, places) + (1 - fineness) ** 2
        kept = self._rng.random(len(places), np.float32) < wanted * density
        return self._rng.permutation(places[kept])

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


def _gradients(sketch: Image.Image) -> tuple[Floats, Floats]:
    luma = np.asarray(sketch.convert("L"), np.float32)
    return np.gradient(luma, axis=1), np.gradient(luma, axis=0)


def _directions(sketch: Image.Image) -> Floats:
    """Unit-free vectors (x, y) along the forms: across the mean gradient of a neighbourhood."""
    gx, gy = _gradients(sketch)
    doubled = _smooth(gx * gx - gy * gy, sketch), _smooth(2 * gx * gy, sketch)
    level = 1.5  # where there is next to no gradient
    angle = np.arctan2(-doubled[1], level - doubled[0]) / 2
    return np.stack([np.cos(angle), np.sin(angle)], axis=2).astype(np.float32)


def _detail(sketch: Image.Image) -> Floats:
    """How much there is to see around a pixel, 0 to 1."""
    gx, gy = _gradients(sketch)
    edges = Image.fromarray(np.clip(np.hypot(gx, gy) * 4, 0, 255).astype(np.uint8))
    near = np.asarray(edges.filter(ImageFilter.BoxBlur(sketch.height / 150)), np.float32) / 255
    return np.clip(near * 3, 0.06, 1)


def _smooth(field: Floats, sketch: Image.Image) -> Floats:
    """A blur over a sixtieth of the height, by way of a small picture."""
    cells = max(1, round(sketch.height / 60))
    small = (max(1, sketch.width // cells), max(1, sketch.height // cells))
    image = Image.fromarray(field.astype(np.float32)).resize(small, Image.Resampling.BOX)
    return np.array(image.resize(sketch.size, Image.Resampling.BICUBIC))
