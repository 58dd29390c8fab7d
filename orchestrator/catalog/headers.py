"""The header of a safetensors file: names and shapes of its tensors, and what its maker says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.errors import ConfigurationError

LIMIT = 100 << 20  # bytes; the format's own limit

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Header:
    shapes: Mapping[str, Shape]  # by the tensor's name
    metadata: Mapping[str, str]


class UnusableFile(ConfigurationError):
    """Is no whole safetensors file"""


def read_header(path: Path) -> Header:
    """Raises UnusableFile with the reason.

    The file is an 8-byte little-endian length, a JSON header of that length, and the tensors,
    of which the header tells the ends.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if length > min(size - 8, LIMIT):
                raise UnusableFile("is cut off or no safetensors file")
            header = _Header.model_validate_json(file.read(length))
    except OSError as error:
        raise UnusableFile(f"can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise UnusableFile("has an unreadable header") from error
    tensors = header.__pydantic_extra__
    if not tensors:
        raise UnusableFile("holds no tensors")
    expected = 8 + length + max(tensor.data_offsets[1] for tensor in tensors.values())
    if size != expected:
        raise UnusableFile(f"has {size} bytes instead of {expected}")
    said = header.metadata if isinstance(header.metadata, dict) else {}
    return Header(
        shapes={name: tensor.shape for name, tensor in tensors.items()},
        metadata={name: value for name, value in said.items() if isinstance(value, str)},
    )


Extent = Annotated[int, Field(ge=0, lt=2**63)]


class _Tensor(BaseModel):
    data_offsets: tuple[Extent, Extent]
    shape: tuple[Extent, ...] = Field(default=(), max_length=16)


class _Header(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Tensor]

    metadata: Any = Field(default=None, alias="__metadata__")
