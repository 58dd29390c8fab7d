"""`imgen serve`: everything in one process, in the foreground."""

import asyncio
import logging
import signal

import click

from orchestrator.settings import read_settings
from orchestrator.wiring import serve as run_service


@click.command()
@click.option("--verbose", "-v", is_flag=True, help="Log every step of every job.")
def serve(*, verbose: bool) -> None:
    """Run the API, a worker and a managed ComfyUI until Ctrl-C.

    Prints `ready http://host:port` when it can take jobs. The first start makes an admin key, in
    the file admin.key of the data directory.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # It quotes what a client sent, keys too; what a handler raises is logged by ourselves.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL + 1)
    for chatty in ("asyncio", "PIL", "websockets", "watchfiles", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    asyncio.run(_until_signal())


async def _until_signal() -> None:
    service = asyncio.create_task(run_service(read_settings(), announce=click.echo))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, service.cancel)
    try:
        await service
    except asyncio.CancelledError:
        click.echo("stopped", err=True)
