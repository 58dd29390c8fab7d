"""Widgets that several nodes have, described once for the ComfyUI page."""

from typing import Any

from ..marks.brand import POSITIONS
from ..marks.encode import FORMATS

Widget = tuple[Any, dict[str, Any]]


def whole_number(default: int, lowest: int, highest: int, tooltip: str) -> Widget:
    return "INT", {"default": default, "min": lowest, "max": highest, "tooltip": tooltip}


def text(default: str, tooltip: str, *, multiline: bool = False) -> Widget:
    return "STRING", {"default": default, "multiline": multiline, "tooltip": tooltip}


def image(tooltip: str) -> Widget:
    return "IMAGE", {"tooltip": tooltip}


SAMPLE_PAYLOAD = "00112233445566778899aabb"
PAYLOAD = text(SAMPLE_PAYLOAD, "96 bits to hide in the picture, as 24 hex digits")

MARK = text("", "The visible mark: a PNG, JPEG or WebP file as base64. Empty: none", multiline=True)

PLACEMENT: dict[str, Widget] = {
    "position": (
        list(POSITIONS),
        {"default": "bottom-right", "tooltip": "Where the mark is anchored"},
    ),
    "scale": whole_number(5, 1, 100, "Width of the mark in per cent of the picture's width"),
    "opacity": whole_number(100, 0, 100, "100 is opaque, 0 invisible"),
    "rotation": whole_number(0, -360, 360, "Degrees clockwise"),
    "padding_x": whole_number(10, 0, 500, "Pixels from the left or right edge; not for center"),
    "padding_y": whole_number(10, 0, 500, "Pixels from the top or bottom edge; not for center"),
}

ENCODING: dict[str, Widget] = {
    "format": (list(FORMATS), {"default": "jpeg", "tooltip": "File format"}),
    "quality": whole_number(95, 1, 100, "Of JPEG, WebP and AVIF; PNG has none"),
    "lossless": ("BOOLEAN", {"default": False, "tooltip": "WebP and AVIF without loss"}),
}
