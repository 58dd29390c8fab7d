"""Processes that are killed and started again while others talk to them."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server

BOOT = 120  # seconds until a process says that it is ready
END = 30  # seconds that an orderly end may take


@dataclass
class Process:
    """One program; it says `ready` on its standard output when it can be used."""

    name: str
    command: Sequence[str | Path]
    folder: Path  # of its log
    environment: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    _running: asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def running(self) -> asyncio.subprocess.Process:
        assert self._running, f"{self.name} was not started"
        return self._running

    async def start(self) -> None:
        """Raises AssertionError with the end of the log if it does not become ready."""
        with self.log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                *self.command,
                env={**os.environ, **self.environment},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # so that its children can be killed with it
            )
        try:
            await asyncio.wait_for(self._said_ready(), BOOT)
        except TimeoutError:
            raise AssertionError(f"{self.name} is not ready: {self.last_words()}") from None
        self._reading = asyncio.create_task(self._read_on())

    async def _said_ready(self) -> None:
        assert self.running.stdout
        async for line in self.running.stdout:
            if line.startswith(b"ready"):
                return
        raise AssertionError(f"{self.name} ended: {self.last_words()}")

    async def _read_on(self) -> None:
        assert self.running.stdout
        while await self.running.stdout.read(65536):
            pass

    async def kill(self, *, children: bool = False) -> None:
        """As a power cut would: no signal handler runs. Its children too, or as they will."""
        if self._running is None:
            return
        self.kills += 1
        with suppress(ProcessLookupError):
            if children:
                os.killpg(self.running.pid, signal.SIGKILL)
            else:
                self.running.kill()
        await self.running.wait()

    async def stop(self) -> int:
        """Ask it to end: its exit status."""
        with suppress(ProcessLookupError):
            self.running.terminate()
        return await asyncio.wait_for(self.running.wait(), END)

    def last_words(self) -> str:
        return self.log.read_text()[-2000:]


def free_port(count: int = 1) -> int:
    """The first of so many free ones in a row."""
    while True:
        with create_server(("127.0.0.1", 0)) as probe:
            first: int = probe.getsockname()[1]
        with suppress(OSError), ExitStack() as probes:
            for number in range(count):
                probes.enter_context(create_server(("127.0.0.1", first + number)))
            return first
