"""Kills processes at random while jobs run, and says what has become of the jobs.

Prints a line for each site; the exit status is 1 if a job was lost, doubled or stuck.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import Progress

from . import fleet, sites
from .clients import Clients
from .points import visit_points
from .siege import besiege
from .sites import Site, running
from .verdict import FATES, Verdict, judge

SITES: dict[str, tuple[Callable[[Path], AbstractContextManager[Site]], int]] = {
    "fakes": (lambda folder: nullcontext(sites.on_fakes(folder)), 1000),
    "s3": (lambda folder: nullcontext(sites.on_s3(folder)), 500),
    "comfyui": (lambda folder: nullcontext(sites.on_comfyui(folder)), 150),
    "fleet-fakes": (fleet.on_fakes, 1000),
    "fleet-comfyui": (fleet.on_comfyui, 150),
}
POINTS = "points"
PLACES = (POINTS, *SITES)
SAMPLE = 5  # names that are shown of what went wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("site", nargs="*", help=f"of {', '.join(PLACES)} (default: all)")
    parser.add_argument(
        "--jobs", type=int, help="(default: 1000, 500 with S3, 150 on a real ComfyUI)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the kills")
    options = parser.parse_args()
    if unknown := set(options.site) - set(PLACES):
        parser.error(f"there is no site {', '.join(unknown)}")
    kept = [asyncio.run(visit(name, options)) for name in options.site or PLACES]
    sys.exit(not all(kept))


async def visit(name: str, options: argparse.Namespace) -> bool:
    """Whether the promise was kept there."""
    if name == POINTS:
        return await visit_points()
    make, usual = SITES[name]
    jobs = options.jobs or usual
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="imgen-chaos-") as folder, make(Path(folder)) as made:
        async with running(made) as site:
            with Progress() as progress:
                bar = progress.add_task(name, total=jobs)
                clients = await besiege(
                    site,
                    jobs,
                    Random(options.seed),
                    told=lambda ended: progress.update(bar, completed=ended),
                )
            verdict = judge(jobs, clients.accepted, clients.ended, site.stored())
            show(name, site, verdict, clients, time.monotonic() - began)
    return verdict.kept


def show(name: str, site: Site, verdict: Verdict, clients: Clients, seconds: float) -> None:
    console = Console()
    kills = ", ".join(f"{count} of {process}" for process, count in site.kills.items())
    console.print(
        f"{name}: {verdict.jobs} jobs in {seconds:.0f} s, killed {kills}, "
        f"{clients.repeated} requests repeated"
    )
    for fate in FATES:
        names = getattr(verdict, fate)
        console.print(f"  {len(names)} {fate} {' '.join(names[:SAMPLE])}")
    if verdict.refused:
        console.print(f"  {verdict.refused} never accepted")


if __name__ == "__main__":
    main()
