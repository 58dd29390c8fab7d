"""The node that the service puts at the end of a graph: marks, encodes and delivers."""

import re

from ..delivery import Results
from ..marks.brand import Placement
from ..marks.encode import Encoding
from ..marks.finish import Finished, Order, finish
from . import inputs
from .tensors import to_pictures

RESULTS = Results()
DELIVERY = re.compile(r"[\w-]{1,64}/\d{1,9}", re.ASCII)


class ImgenFinish:
    DISPLAY_NAME = "Imgen Finish"
    DESCRIPTION = (
        "Put in the place of Imgen Output by the service: brands, watermarks, fingerprints and "
        "encodes off the executor's path. The files wait at /imgen/results/{delivery}."
    )
    CATEGORY = "imgen"
    FUNCTION = "deliver"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "image": inputs.image("The pictures"),
                "delivery": inputs.text("by-hand/1", "job/attempt, by which they are fetched"),
                "payload": inputs.PAYLOAD,
                "mark": inputs.MARK,
                **inputs.PLACEMENT,
                **inputs.ENCODING,
            }
        }

    @classmethod
    def IS_CHANGED(cls, **_):
        return float("nan")  # equal to nothing: every run delivers

    def deliver(self, image, delivery, payload, mark, **widgets):
        if not DELIVERY.fullmatch(delivery):
            raise ValueError("delivery is job/attempt")
        encoding = Encoding(**{name: widgets.pop(name) for name in inputs.ENCODING})
        order = Order(payload, encoding, mark, Placement(**widgets))

        def work() -> list[Finished]:
            return [finish(picture, order) for picture in to_pictures(image)]

        RESULTS.submit(delivery, work)
        return {"ui": {"imgen": [delivery]}}
