"""Nodes that put a mark on pictures, or read off what they are known by."""

import numpy as np
from PIL import Image

from ..marks import brand, watermark
from ..marks.fingerprint import fingerprint
from . import inputs
from .tensors import to_images, to_pictures


class ImgenBrand:
    DISPLAY_NAME = "Imgen Brand"
    DESCRIPTION = "Draws a visible mark, such as a logo, on every picture."
    CATEGORY = "imgen"
    FUNCTION = "brand"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "image": inputs.image("The pictures"),
                "mark": inputs.MARK,
                **inputs.PLACEMENT,
            },
            "optional": {
                "mark_image": inputs.image("The mark as a picture, in place of base64"),
                "mark_mask": ("MASK", {"tooltip": "What is transparent, as Load Image gives it"}),
            },
        }

    def brand(self, image, mark, mark_image=None, mark_mask=None, **placement):
        placement = brand.Placement(**placement)
        pictures = to_pictures(image)
        if mark_image is not None:
            drawn = _with_alpha(mark_image, mark_mask)
            pictures = [brand.draw(picture, drawn, placement) for picture in pictures]
        elif mark:
            pictures = [brand.apply(picture, mark, placement) for picture in pictures]
        return (to_images(pictures),)


class ImgenWatermark:
    DISPLAY_NAME = "Imgen Watermark"
    DESCRIPTION = "Hides 96 bits in every picture, readable by invisible-watermark (dwtDctSvd)."
    CATEGORY = "imgen"
    FUNCTION = "embed"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": inputs.image("The pictures"), "payload": inputs.PAYLOAD}}

    def embed(self, image, payload):
        return (to_images([watermark.embed(each, payload) for each in to_pictures(image)]),)


class ImgenFingerprint:
    DISPLAY_NAME = "Imgen Fingerprint"
    DESCRIPTION = "PDQ, the hash by which a picture is found again after changes."
    CATEGORY = "imgen"
    FUNCTION = "fingerprint"
    RETURN_TYPES = ("IMAGE", "STRING", "INT")
    RETURN_NAMES = ("image", "fingerprint", "quality")
    OUTPUT_TOOLTIPS = (
        "The same pictures",
        "64 hex digits, one line a picture",
        "The lowest of all, 0 to 100; below 50 a fingerprint should not be matched",
    )

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": inputs.image("The pictures")}}

    def fingerprint(self, image):
        found = [fingerprint(picture) for picture in to_pictures(image)]
        return image, "\n".join(f.digits for f in found), min(f.quality for f in found)


def _with_alpha(mark_image, mark_mask) -> Image.Image:
    mark = Image.fromarray(to_pictures(mark_image)[0]).convert("RGBA")
    if mark_mask is not None:
        opaque = 255 - np.rint(mark_mask.reshape(-1, *mark_mask.shape[-2:])[0].cpu().numpy() * 255)
        alpha = Image.fromarray(opaque.clip(0, 255).astype(np.uint8))
        mark.putalpha(alpha.resize(mark.size))
    return mark
