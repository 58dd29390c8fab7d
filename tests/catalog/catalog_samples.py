"""Folders to drop files into, and files to drop."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HEADERS = Path(__file__).parent / "headers"
STYLE = "{label: Plain, steps: 4}"
CARD = f"label: One\ntemplate: one\ndefault_style: plain\nstyles:\n  plain: {STYLE}\n"
GRAPH = {"1": {"class_type": "ImgenOutput", "inputs": {}}}


def safetensors(size: int = 64) -> bytes:
    """A whole file with one tensor of so many bytes."""
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "weight": tensor}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


def described(sample: str, metadata: Mapping[str, str] = {}, *, more: bytes = b"") -> bytes:
    """A whole file with the header `headers/<sample>.yaml`; its tensors are a byte each."""
    tensors: dict[str, Any] = yaml.safe_load((HEADERS / f"{sample}.yaml").read_text())
    header: dict[str, Any] = {"__metadata__": {**tensors.pop("__metadata__", {}), **metadata}}
    for end, (name, shape) in enumerate(tensors.items(), 1):
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [end - 1, end]}
    size = len(tensors)
    if more:
        header["more"] = {"dtype": "U8", "shape": [], "data_offsets": [size, size + len(more)]}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(size) + more


@dataclass(frozen=True)
class Workspace:
    """`workflows/` and `models/` as an operator sees them."""

    root: Path

    @property
    def workflows(self) -> Path:
        return self.root / "workflows"

    @property
    def models(self) -> Path:
        return self.root / "models"

    def drop(self, path: str, content: str | bytes) -> Path:
        """`path` is below the root: `workflows/models/one.yaml`."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def card(self, key: str, *lines: str) -> Path:
        """A sound card, and more lines."""
        return self.drop(f"workflows/models/{key}.yaml", CARD + "\n".join(lines) + "\n")

    def template(self, name: str = "one", **inputs: str) -> Path:
        """A template, and the inputs of a loader in it."""
        loader = {"9": {"class_type": "Loader", "inputs": inputs}} if inputs else {}
        return self.drop(f"workflows/templates/{name}.json", json.dumps(GRAPH | loader))

    def family(self, key: str, *lines: str) -> Path:
        text = "\n".join(("label: A family", *lines))
        return self.drop(f"workflows/families/{key}.yaml", text)

    def weights(self, path: str, content: bytes = b"", *, age: float = 60) -> Path:
        """A file below the models folder that nobody has touched for so many seconds."""
        file = self.drop(f"models/{path}", content or safetensors())
        status = file.stat()
        os.utime(file, (status.st_atime, status.st_mtime - age))
        return file
