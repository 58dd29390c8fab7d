"""Custom nodes of the benches: a sampler that sleeps in place of a GPU, and stock finishing."""

import io
import time
from pathlib import Path

import cv2
import numpy as np
import pdqhash
import torch
from imwatermark import WatermarkEncoder
from PIL import Image

SAMPLINGS = Path("bench_samplings.txt")  # a line for each: when it began, monotonic seconds
WIDTH, HEIGHT = 1344, 768


class BenchSampler:
    CATEGORY = "bench"
    FUNCTION = "sample"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "seconds": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 3600.0}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**64 - 1}),
                "width": ("INT", {"default": WIDTH, "min": 8, "max": WIDTH}),
                "height": ("INT", {"default": HEIGHT, "min": 8, "max": HEIGHT}),
            }
        }

    def sample(self, seconds, seed, width, height):
        began = time.monotonic()
        with SAMPLINGS.open("a") as samplings:
            samplings.write(f"{began}\n")
        picture = torch.roll(PICTURE, seed % WIDTH, dims=2)  # what a GPU would have made
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        return (picture[:, :height, :width],)


class BenchStockFinish:
    """The packages that everybody has: invisible-watermark, pdqhash, Pillow."""

    CATEGORY = "bench"
    FUNCTION = "finish"
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",)}}

    def finish(self, image):
        rgb = (image[0] * 255).round().clamp(0, 255).to(torch.uint8).numpy()
        encoder = WatermarkEncoder()
        encoder.set_watermark("bytes", bytes(12))
        marked = encoder.encode(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), "dwtDctSvd")
        marked = cv2.cvtColor(marked, cv2.COLOR_BGR2RGB)
        pdqhash.compute(marked)
        file = io.BytesIO()
        Image.fromarray(marked).save(file, "jpeg", quality=95)
        Path("bench_stock.jpg").write_bytes(file.getvalue())
        return {"ui": {}}


def _picture() -> torch.Tensor:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    grain = np.random.default_rng(1).normal(0, 6, (HEIGHT, WIDTH, 1))
    shapes = np.stack([np.sin(columns / a) * 60 + np.cos(rows / a) * 50 for a in (61, 83, 47)], 2)
    return torch.from_numpy(np.clip(shapes + 128 + grain, 0, 255).astype(np.float32) / 255)[None]


PICTURE = _picture()
NODE_CLASS_MAPPINGS = {"BenchSampler": BenchSampler, "BenchStockFinish": BenchStockFinish}
