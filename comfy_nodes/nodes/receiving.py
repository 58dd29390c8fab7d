"""Nodes by which the pictures of a request come into a workflow."""

from io import BytesIO

import numpy as np
import torch
from PIL import Image, ImageOps

from ..arrivals import Arrivals
from . import inputs
from .tensors import to_images

ARRIVALS = Arrivals()
MAX_PIXELS = 64_000_000  # of a picture as it comes

SIDE = inputs.whole_number(
    0, 0, 16384, "Pixels; the picture is scaled and cropped to fill them. 0: as it comes"
)
REQUESTED = {
    "source": inputs.text("", "Which one of the request: init_image, mask_image, reference_image"),
    "width": SIDE,
    "height": SIDE,
}


def _open(source: str, width: int, height: int, mode: str) -> Image.Image:
    """The picture that has come from the service. Raises ValueError."""
    data = ARRIVALS.get(source)
    if data is None:
        raise ValueError(
            f"no picture {source!r} has come from the service; by hand, bypass this node or put "
            "Load Image in its place"
        )
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"a picture has at most {MAX_PIXELS} pixels")
        picture = image.convert(mode)
    if not (width and height):
        return picture
    return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)


class ImgenInputImage:
    DISPLAY_NAME = "Imgen Input Image"
    DESCRIPTION = "A picture that came with the request."
    CATEGORY = "imgen"
    FUNCTION = "receive"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                **REQUESTED,
                "batch_size": inputs.whole_number(1, 1, 16, "How often it is repeated"),
            }
        }

    @classmethod
    def IS_CHANGED(cls, source, **_):
        return ARRIVALS.digest(source)

    def receive(self, source, width, height, batch_size):
        picture = np.asarray(_open(source, width, height, "RGB"))
        return (to_images([picture] * batch_size),)


class ImgenInputMask:
    DISPLAY_NAME = "Imgen Input Mask"
    DESCRIPTION = "A mask that came with the request: what is white is painted anew."
    CATEGORY = "imgen"
    FUNCTION = "receive"
    RETURN_TYPES = ("MASK",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": REQUESTED}

    @classmethod
    def IS_CHANGED(cls, source, **_):
        return ARRIVALS.digest(source)

    def receive(self, source, width, height):
        mask = np.asarray(_open(source, width, height, "L"), np.float32) / 255
        return (torch.from_numpy(mask)[None],)


class ImgenEither:
    DISPLAY_NAME = "Imgen Either"
    DESCRIPTION = (
        "The first of two latents that is there. A node that is left out for a request gives none, "
        "so this is where text to image and image to image meet."
    )
    CATEGORY = "imgen"
    FUNCTION = "choose"
    RETURN_TYPES = ("LATENT",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {},
            "optional": {
                "first": ("LATENT", {"tooltip": "Taken if it is there"}),
                "second": ("LATENT", {"tooltip": "Taken otherwise"}),
            },
        }

    def choose(self, first=None, second=None):
        chosen = first if first is not None else second
        if chosen is None:
            raise ValueError("neither latent is there")
        return (chosen,)
