"""The demo model: what paints when no checkpoint is there."""

from .. import host
from ..painter import paint
from . import inputs
from .tensors import to_images


class ImgenDemoPainter:
    DISPLAY_NAME = "Imgen Demo Painter"
    DESCRIPTION = "Paints a procedural picture from the words of the prompt. Not a learned model."
    CATEGORY = "imgen"
    FUNCTION = "paint"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        sample = "red coat, snowy street, warm lighting"
        side = "Pixels"
        return {
            "required": {
                "positive": inputs.text(sample, "Place, weather, light, colours", multiline=True),
                "negative": inputs.text("", "Words that are not to count", multiline=True),
                "seed": inputs.whole_number(0, 0, 2**64 - 1, "The same seed, the same picture"),
                "width": inputs.whole_number(1344, 64, 4096, side),
                "height": inputs.whole_number(768, 64, 4096, side),
                "steps": inputs.whole_number(12, 1, 150, "Layers of paint, from broad to fine"),
                "batch_size": inputs.whole_number(1, 1, 16, "Different pictures of one prompt"),
            }
        }

    def paint(self, positive, negative, seed, batch_size, steps, **size):
        progress = host.Progress(steps * batch_size)
        pictures = []
        for number in range(batch_size):
            for picture in paint(positive, negative, seed + number, steps=steps, **size):
                finished = picture
                progress.step()
            pictures.append(finished)
        return (to_images(pictures),)
