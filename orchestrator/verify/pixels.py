"""From the bytes of an untrusted picture to bounded pixels."""

import io

import numpy as np
from PIL import Image

from comfy_nodes.marks import Picture
from orchestrator.errors import BodyTooLarge, UnsupportedMedia

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
MOST_BYTES = 64 * 2**20
MOST_PIXELS = 64 * 10**6


def read_pixels(picture: bytes) -> Picture:
    """Transparency is dropped: the mark is in the colours.

    Raises BodyTooLarge, before anything is decoded, and UnsupportedMedia.
    """
    if len(picture) > MOST_BYTES:
        raise BodyTooLarge(f"Larger than {MOST_BYTES // 2**20} MiB")
    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BodyTooLarge(f"More than {MOST_PIXELS // 10**6} megapixels")
            return np.asarray(image.convert("RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BodyTooLarge(f"More than {MOST_PIXELS // 10**6} megapixels") from error
    except (OSError, SyntaxError, ValueError, EOFError, RuntimeError) as error:
        raise UnsupportedMedia("Not a readable JPEG, PNG, WebP or AVIF picture") from error
