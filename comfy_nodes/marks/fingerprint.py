"""PDQ, the perceptual hash that hash lists and near-duplicate search are built on."""

from typing import NamedTuple

import numpy as np
import pdqhash
from PIL import Image

from . import Picture

LONG_SIDE = 512  # pixels hashed, as the reference implementation does before it hashes


class Fingerprint(NamedTuple):
    digits: str  # 64 hex digits, most significant bit first
    quality: int  # 0-100; a hash below 50 should not be matched


def fingerprint(rgb: Picture) -> Fingerprint:
    image = Image.fromarray(rgb)
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BOX, reducing_gap=None)
    bits, quality = pdqhash.compute(np.asarray(image))
    return Fingerprint(np.packbits(bits).tobytes().hex(), int(quality))
