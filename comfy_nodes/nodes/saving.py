"""Nodes that show or save pictures made by hand in the ComfyUI page."""

import secrets
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .. import host
from ..marks import Picture
from ..marks.encode import Encoding, encode
from . import inputs
from .tensors import to_pictures

DRAFT = "Draft: not reviewed, not signed, temporary"


class ImgenEncode:
    DISPLAY_NAME = "Imgen Encode"
    DESCRIPTION = "Saves pictures to ComfyUI's output folder."
    CATEGORY = "imgen"
    FUNCTION = "save"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "image": inputs.image("The pictures"),
                **inputs.ENCODING,
                "filename_prefix": inputs.text("imgen", "Beginning of the file names"),
            }
        }

    def save(self, image, filename_prefix, **encoding):
        saved = _save(
            to_pictures(image),
            folder=host.output_folder(),
            prefix=filename_prefix,
            encoding=Encoding(**encoding),
        )
        return {"ui": {"images": [{**file, "type": "output"} for file in saved]}}


class ImgenOutput:
    DISPLAY_NAME = "Imgen Output"
    DESCRIPTION = (
        "The end of a workflow: what arrives here is what the API delivers, branded, marked, "
        "reviewed and signed. By hand it shows a draft."
    )
    CATEGORY = "imgen"
    FUNCTION = "preview"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": inputs.image("The finished pictures of the workflow")}}

    def preview(self, image):
        saved = _save(
            [_labelled(picture) for picture in to_pictures(image)],
            folder=host.temporary_folder(),
            prefix=f"imgen_draft_{secrets.token_hex(3)}",
            encoding=Encoding("png"),
        )
        return {"ui": {"images": [{**file, "type": "temp"} for file in saved], "text": [DRAFT]}}


def _save(
    pictures: list[Picture], *, folder: Path, prefix: str, encoding: Encoding
) -> list[dict[str, str]]:
    """Write a numbered series; the files as ComfyUI's page wants to hear of them."""
    height, width = pictures[0].shape[:2]
    path, stem, first, subfolder = host.file_series(folder, prefix, width, height)
    names = []
    for number, picture in enumerate(pictures, start=first):
        names.append(f"{stem}_{number:05}_.{encoding.extension}")
        (path / names[-1]).write_bytes(encode(picture, encoding))
    return [{"filename": name, "subfolder": subfolder} for name in names]


def _labelled(picture: Picture) -> Picture:
    """Says across the bottom edge that it is a draft."""
    image = Image.fromarray(picture)
    size = max(10, image.height // 45)  # pixels
    box = (0, image.height - 2 * size, image.width, image.height)
    strip = image.crop(box).point(lambda level: level // 3)
    ImageDraw.Draw(strip).text((size, size), DRAFT, "white", anchor="lm", font_size=size)
    image.paste(strip, box)
    return np.asarray(image)
