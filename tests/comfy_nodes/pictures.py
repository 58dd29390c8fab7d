"""Synthetic pictures to mark: what a model, a poster and a plain wall would give."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image

PAYLOAD = "00112233445566778899aabb"


def textured(width=1344, height=768, *, seed=0, contrast=1.0):
    """Smooth light, coloured patches and grain, as photographs and models give."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128.0)
    for cells, strength in ((3, 90), (9, 60), (40, 25)):
        coarse = Image.fromarray(rng.integers(0, 256, (cells, cells * 2, 3), dtype=np.uint8))
        layer = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), float)
        picture += (layer / 255 - 0.5) * strength * contrast
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def saturated(**size):
    return textured(contrast=4.0, seed=3, **size)


def flat(colour, width=640, height=384):
    return np.full((height, width, 3), colour, np.uint8)


def psnr(before, after):
    """In dB."""
    error = np.mean((before.astype(float) - after) ** 2)
    return 10 * np.log10(255**2 / error) if error else np.inf


def decoded(file):
    return np.asarray(Image.open(BytesIO(file)).convert("RGB"))


def file_of(image, form="PNG", **options):
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def base64_of(data):
    return base64.b64encode(data).decode()
