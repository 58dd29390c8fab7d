"""Files that are whole and durable, or not there at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def create(file: Path, text: str, *, mode: int) -> None:
    """Raises FileExistsError."""
    with _unfinished(file, text, mode) as unfinished:
        os.link(unfinished, file)


def replace(file: Path, text: str, *, mode: int = 0o666) -> None:
    """In the place of what is there."""
    with _unfinished(file, text, mode) as unfinished:
        unfinished.replace(file)


@contextmanager
def _unfinished(file: Path, text: str, mode: int) -> Iterator[Path]:
    """A hidden file beside it. What the block makes of it is durable afterwards."""
    path = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(text.encode())
            opened.flush()
            os.fsync(descriptor)
        yield path
    finally:
        path.unlink(missing_ok=True)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make durable what has come into it or gone from it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
