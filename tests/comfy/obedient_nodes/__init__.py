"""A ComfyUI node that does on command what real ones do by chance: it takes its time, reports
progress, fails, or turns a deaf ear to interrupts."""

import time

import comfy.model_management
import comfy.utils
import torch


class ObedientPainter:
    CATEGORY = "test"
    FUNCTION = "paint"
    RETURN_TYPES = ("IMAGE",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "steps": ("INT", {"default": 3, "min": 1, "max": 1000}),
                "pause": ("FLOAT", {"default": 0.0, "min": 0.0, "max": 60.0}),  # seconds a step
                "fail": ("STRING", {"default": ""}),
                "deaf": ("BOOLEAN", {"default": False}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**32}),
            }
        }

    def paint(self, steps, pause, fail, deaf, seed):
        bar = comfy.utils.ProgressBar(steps)
        for _ in range(steps):
            time.sleep(pause)
            if not deaf:
                comfy.model_management.throw_exception_if_processing_interrupted()
                bar.update(1)
        if fail:
            raise ValueError(fail)
        return (torch.full((1, 64, 96, 3), (seed % 256) / 255),)


NODE_CLASS_MAPPINGS = {"ObedientPainter": ObedientPainter}
