"""Files for their owner's eyes only: secrets of this installation."""

import secrets
from contextlib import suppress
from pathlib import Path

from orchestrator import durable_files


def lasting_secret(file: Path) -> bytes:
    """What is in the file; 256 random bits are put there first if it is not there."""
    with suppress(FileExistsError):
        write_private(file, secrets.token_hex(32))
    return file.read_text().strip().encode()


def write_private(file: Path, text: str) -> None:
    """Whole and durable or not at all. Raises FileExistsError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    durable_files.create(file, f"{text}\n", mode=0o600)
