"""`imgen serve`, `imgen api`, `imgen worker`: the service, in the foreground."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import click

from orchestrator.cli.prose import plain
from orchestrator.settings import read_settings
from orchestrator.wiring.service import serve as run_all
from orchestrator.wiring.service import serve_api, serve_worker

verbosity = click.option("--verbose", "-v", is_flag=True, help="Log every step of every job.")


@click.command()
@verbosity
def serve(*, verbose: bool) -> None:
    """Run the API, a worker and a managed ComfyUI until Ctrl-C.

    Prints `ready http://host:port` when it can take jobs. The first start makes an admin key, in
    the file admin.key of the data directory.
    """
    _run(run_all, verbose=verbose)


@click.command()
@verbosity
def api(*, verbose: bool) -> None:
    """Run only the API until Ctrl-C: one of a fleet.

    Several stand behind a load balancer. Needs IMGEN_DATABASE_URL=postgresql://… and the shared
    secrets (`imgen secrets`), but no ComfyUI and no weights. Prints `ready http://host:port`.
    Jobs are done by `imgen worker`.
    """
    _run(serve_api, verbose=verbose)


@click.command()
@verbosity
def worker(*, verbose: bool) -> None:
    """Run only a worker until Ctrl-C: one of a fleet.

    Starts a ComfyUI, or uses those of IMGEN_COMFYUI_URLS. Needs the same database and secrets as
    `imgen api`, and a data directory of its own. Prints `ready NAME` when it takes jobs.
    """
    _run(serve_worker, verbose=verbose)


def _run(service: Callable[..., Awaitable[None]], *, verbose: bool) -> None:
    _set_up_log(verbose=verbose)
    asyncio.run(_until_signal(service(read_settings(), announce=click.echo)))


def _set_up_log(*, verbose: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    # It quotes what a client sent, keys too; what a handler raises is logged by ourselves.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL + 1)
    for chatty in ("asyncio", "PIL", "websockets", "watchfiles", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class OneLine(logging.Formatter):
    """A message can forge no line and command no terminal, whatever names are in it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        return plain(super().formatMessage(record))


async def _until_signal(service: Any) -> None:
    running = asyncio.ensure_future(service)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        click.echo("stopped", err=True)
