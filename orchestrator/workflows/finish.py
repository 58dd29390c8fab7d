"""The finishing chain that every graph ends in: brand, watermark, fingerprint, encode."""

from typing import Any

from pydantic import Field

from orchestrator.models import Brand, Output, Value

FINISH_CLASS = "ImgenFinish"
FINISH_TITLE = "Brand, watermark, fingerprint, encode"


class Finish(Value):
    payload: str = Field(pattern=r"^[0-9a-f]{24}$")  # the 96 bits of the invisible mark
    output: Output = Output()
    brand: Brand = Brand()


def finish_node(image: Any, finish: Finish) -> dict[str, Any]:
    """The node that takes the place of the template's `Imgen Output`; `image` is its link."""
    brand = finish.brand
    inputs = {
        "image": image,
        "delivery": "",  # job and attempt, known at submission
        "payload": finish.payload,
        "mark": brand.image,
        "position": brand.position.value,
        "scale": brand.scale,
        "opacity": brand.opacity,
        "rotation": brand.rotation,
        "padding_x": brand.padding_x,
        "padding_y": brand.padding_y,
        "format": finish.output.format.value,
        "quality": finish.output.quality,
        "lossless": finish.output.lossless,
    }
    return {"class_type": FINISH_CLASS, "inputs": inputs, "_meta": {"title": FINISH_TITLE}}
