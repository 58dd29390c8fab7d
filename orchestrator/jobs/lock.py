"""The lock on the data directory: one service at a time works in it."""

import fcntl
import os
from pathlib import Path
from typing import IO, Self

from orchestrator.errors import ConfigurationError


class DataLock:
    """Held inside `with`, and never longer than the process lives, however it ends."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "imgen.lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Raises ConfigurationError, which names the holder's process id."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise ConfigurationError(
                f"Another Imgen (process {holder}) works in {self._path.parent}:"
                " stop it first, or give this one a data directory of its own"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()  # the file stays: removing it would let two hold "the" lock
