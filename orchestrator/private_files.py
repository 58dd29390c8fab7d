"""Files for their owner's eyes only: secrets of this installation."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def lasting_secret(file: Path) -> bytes:
    """What is in the file; 256 random bits are put there first if it is not there."""
    with suppress(FileExistsError):
        write_private(file, secrets.token_hex(32))
    return file.read_text().strip().encode()


def write_private(file: Path, text: str) -> None:
    """Whole and durable or not at all. Raises FileExistsError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as opened:
            opened.write(text + "\n")
            opened.flush()
            os.fsync(descriptor)
        os.link(unfinished, file)
    finally:
        unfinished.unlink()
    _sync(file.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
