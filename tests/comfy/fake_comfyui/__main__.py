"""Starts fake ComfyUIs in a process of their own and says `ready URL…` when they answer.

Each is told how to behave by `POST /fake` with a JSON object of `Behaviour` fields; `POST
/fake/cut` closes its websockets, `POST /fake/restart` makes it forget everything; `GET /fake`
counts what it has done.
"""

import argparse
import asyncio
import json
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from comfy_nodes.marks import VERSION

from .behaviour import TROUBLES, Behaviour, Mood
from .pictures import paint
from .server import FakeComfyUI

SCHEMAS = Path(__file__).parents[3] / "orchestrator" / "workflows" / "object_info.json"


def main() -> None:
    asyncio.run(serve(parse_arguments()))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fake_comfyui", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="of the first; the others follow; 0: any free ones")
    add("--instances", type=int, default=1, help="how many in this process")
    add("--seconds", type=float, default=0.02, help="that a run takes")
    add("--loading", type=float, default=0.0, help="seconds that a change of checkpoint takes")
    add("--steps", type=int, default=3, help="of a run")
    add("--trouble", type=float, default=0.0, metavar="SHARE", help="of the runs meets a trouble")
    add("--troubles", type=_troubles, default=tuple(TROUBLES), metavar="NAME,…",
        help=f"which ones (default: {', '.join(TROUBLES)})")  # fmt: skip
    add("--seed", type=int, default=0, help="of the draws which run meets which trouble")
    add("--old", action="store_true", help="speak the protocol of mid-2024")
    return parser.parse_args()


def _troubles(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(TROUBLES):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


async def serve(options: argparse.Namespace) -> None:
    schemas = json.loads(SCHEMAS.read_text("utf-8"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        fakes = [make(options, number, schemas) for number in range(options.instances)]
        for number, fake in enumerate(fakes):
            await fake.start(port=options.port and options.port + number)
            stack.push_async_exit(fake)
        print("ready", *(fake.url for fake in fakes), flush=True)  # noqa: T201
        await stop.wait()


def make(options: argparse.Namespace, number: int, schemas: dict[str, Any]) -> FakeComfyUI:
    return FakeComfyUI(
        dated=not options.old,
        behaviour=Behaviour(
            version=VERSION,
            seconds=options.seconds,
            loading=options.loading,
            steps=options.steps,
        ),
        mood=Mood(options.trouble, options.troubles, seed=options.seed * 1000 + number),
        paint=paint,
        object_info=schemas,
    )


if __name__ == "__main__":
    main()
