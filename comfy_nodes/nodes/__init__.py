"""The nodes of the pack, by family. Needs ComfyUI and torch."""

from .finishing import RESULTS, ImgenFinish
from .marking import ImgenBrand, ImgenFingerprint, ImgenWatermark
from .painting import ImgenDemoPainter
from .receiving import ARRIVALS, ImgenEither, ImgenInputImage, ImgenInputMask
from .saving import ImgenEncode, ImgenOutput

NODE_CLASS_MAPPINGS = {
    node.__name__: node
    for node in (
        ImgenDemoPainter,
        ImgenInputImage,
        ImgenInputMask,
        ImgenEither,
        ImgenBrand,
        ImgenWatermark,
        ImgenFingerprint,
        ImgenEncode,
        ImgenOutput,
        ImgenFinish,
    )
}
NODE_DISPLAY_NAME_MAPPINGS = {name: node.DISPLAY_NAME for name, node in NODE_CLASS_MAPPINGS.items()}

__all__ = ["ARRIVALS", "NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS", "RESULTS"]
