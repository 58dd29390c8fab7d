"""A TCP link to a real server that can be cut."""

import asyncio
from contextlib import suppress


class CuttableLink:
    def __init__(self, port: int) -> None:
        self._port = port  # of the server
        self._writers: set[asyncio.StreamWriter] = set()
        self._ends: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "CuttableLink":
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._ends, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection; new ones are let through."""
        for writer in self._writers:
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", self._port)
        for source, target in ((reader, to_there), (there, writer)):
            self._writers.add(target)
            end = asyncio.create_task(self._carry(source, target))
            self._ends.add(end)
            end.add_done_callback(self._ends.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        self._writers.discard(target)
        target.close()
        with suppress(OSError):
            await target.wait_closed()
