"""A fake ComfyUI that misbehaves on command, for faults that the real one can't produce at will.

It speaks both generations of the protocol. `python -m tests.comfy.fake_comfyui --help` starts one,
or many, in a process of their own.
"""

from .behaviour import OUT_OF_MEMORY, TROUBLES, Behaviour
from .pictures import PICTURE, THUMBNAIL
from .server import FakeComfyUI

__all__ = ["OUT_OF_MEMORY", "PICTURE", "THUMBNAIL", "TROUBLES", "Behaviour", "FakeComfyUI"]
