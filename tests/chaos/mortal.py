"""`imgen serve` that dies at a fault point: before or after one call of one port.

Started as `python -m tests.chaos.mortal`. Where it dies is in CHAOS_POINT, for example
`signer.sign:2:after`: after the second call. Every call is written to the file CHAOS_CALLS.
"""

import inspect
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from orchestrator.cli import imgen
from orchestrator.ports import Ports
from orchestrator.wiring import engine
from orchestrator.worker import Worker

POINT = os.environ.get("CHAOS_POINT", "")
CALLS = os.environ.get("CHAOS_CALLS", os.devnull)
# Reads and what is repeated by the clock: they leave nothing behind.
IDLE = {"shelf", "fault", "place", "resolve", "has_eyes", "payload", "link", "get", "changed"}
IDLE |= {"ready", "renew", "expire", "find"}

seen: Counter[str] = Counter()


def main() -> None:
    make_ports, make_worker = engine.make_ports, engine.Worker

    def ports(*args: Any, **options: Any) -> Ports:
        return mortal_ports(make_ports(*args, **options))

    def worker(ports: Ports, pool: Any, **options: Any) -> Worker:
        return make_worker(ports, Watched("pool", pool), **options)

    with patch.object(engine, "make_ports", ports), patch.object(engine, "Worker", worker):
        imgen(["serve"])


def mortal_ports(ports: Ports) -> Ports:
    changes = {
        field.name: Watched(field.name, getattr(ports, field.name))
        for field in fields(ports)
        if field.name != "policy"
    }
    return replace(ports, **changes)


class Watched:
    """An adapter whose calls can be the last ones of the process."""

    def __init__(self, name: str, adapter: Any) -> None:
        self._name = name
        self._adapter = adapter

    def __getattr__(self, method: str) -> Any:
        value = getattr(self._adapter, method)
        if not callable(value) or method in IDLE:
            return value
        if method == "slot":
            return self._watched_slot(value)
        call = f"{self._name}.{method}"
        return _entered(call, value) if method == "run" else _called(call, value)

    @staticmethod
    def _watched_slot(slot: Callable[[], Any]) -> Callable[[], Any]:
        async def watched() -> Any:
            return Watched("slot", await slot())

        return watched


def _called(call: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def awaited(*args: Any, **options: Any) -> Any:
        number = _begin(call)
        result = await method(*args, **options)
        _end(call, number)
        return result

    return awaited if inspect.iscoroutinefunction(method) else method


def _entered(call: str, context: Callable[..., Any]) -> Callable[..., Any]:
    @asynccontextmanager
    async def entered(*args: Any, **options: Any) -> AsyncIterator[Any]:
        number = _begin(call)
        async with context(*args, **options) as value:
            yield value
        _end(call, number)

    return entered


def _begin(call: str) -> int:
    seen[call] += 1
    with Path(CALLS).open("a") as file:
        file.write(f"{call}:{seen[call]}\n")
    _die_at(f"{call}:{seen[call]}:before")
    return seen[call]


def _end(call: str, number: int) -> None:
    _die_at(f"{call}:{number}:after")


def _die_at(point: str) -> None:
    if point == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
