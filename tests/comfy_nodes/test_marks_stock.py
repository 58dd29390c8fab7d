"""Our mark is read by the stock decoder of `invisible-watermark` from what is delivered."""

import json
import subprocess
from pathlib import Path

import pytest
from pictures import PAYLOAD, saturated, textured

from comfy_nodes.marks.encode import Encoding
from comfy_nodes.marks.finish import Order, finish
from comfy_nodes.painter import paint

HOME = Path(__file__).parent.parent.parent
PYTHON = HOME / "comfyui" / ".venv" / "bin" / "python"
STOCK_DECODER = Path(__file__).with_name("stock_decoder.py")
DELIVERED = (Encoding("jpeg", 95), Encoding("webp", 90), Encoding("avif", 75), Encoding("png"))


def pictures():
    *_, painting = paint("red coat, snowy street", "", 1, width=1344, height=768, steps=3)
    return {
        "landscape": textured(),
        "portrait": textured(768, 1344, seed=1),
        "odd size": textured(1021, 763, seed=2),
        "saturated": saturated(),
        "painted": painting,
    }


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Payloads as the stock decoder reads them, by picture and format."""
    if not PYTHON.exists():
        pytest.skip(f"no ComfyUI environment with the stock decoder at {PYTHON} (make setup)")
    folder = tmp_path_factory.mktemp("delivered")
    files = {}
    for name, picture in pictures().items():
        for encoding in DELIVERED:
            files[name, encoding.format] = folder / f"{name}.{encoding.extension}"
            finished = finish(picture, Order(PAYLOAD, encoding))
            files[name, encoding.format].write_bytes(finished.picture)
    command = [PYTHON, STOCK_DECODER, *files.values()]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(zip(files, json.loads(answer.stdout), strict=True))


@pytest.mark.comfyui
@pytest.mark.parametrize("form", [encoding.format for encoding in DELIVERED])
@pytest.mark.parametrize("name", ["landscape", "portrait", "odd size", "saturated", "painted"])
def test_the_stock_decoder_reads_what_is_delivered(read, name, form):
    assert read[name, form] == PAYLOAD
