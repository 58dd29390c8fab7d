"""Reads marks with the stock `invisible-watermark`. Run by ComfyUI's interpreter, which has it.

Arguments are picture files; the answer is a JSON list of payloads in the same order.
"""

import json
import sys

import numpy as np
from imwatermark import WatermarkDecoder
from PIL import Image

DECODER = WatermarkDecoder("bytes", 96)


def payload(path):
    bgr = np.asarray(Image.open(path).convert("RGB"))[..., ::-1]
    return DECODER.decode(np.ascontiguousarray(bgr), "dwtDctSvd").hex()


if __name__ == "__main__":
    json.dump([payload(path) for path in sys.argv[1:]], sys.stdout)
