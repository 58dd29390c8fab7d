"""Many jobs into a real S3 server while it and the service are killed: none lost, none doubled.

Run it as `python -m scripts.chaos_s3` from the root of the checkout. The ComfyUIs are fakes that
deliver real, small, marked pictures; all else is the real thing.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from scripts.bench_fakes import fakes
from scripts.s3_server import BUCKET, S3Server
from tests.acceptance.service import Service

WAITS = "has to wait"  # what the service logs of a job when storage is away
PATIENCE = 600.0  # seconds for anything to happen


@dataclass(frozen=True)
class Outcome:
    jobs: int
    seconds: float
    lost: frozenset[str]  # jobs that did not complete, or whose picture is not there
    doubled: frozenset[str]  # files that no job has
    spooled: frozenset[str]  # unsigned pictures that were left behind

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.spooled)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--kills", type=int, default=2, help="of the server and of the service")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(survive(Path(folder), jobs=options.jobs, kills=options.kills))
    print(
        f"{outcome.jobs} jobs, server and service killed {options.kills} times,"
        f" {outcome.seconds:.0f} s: {len(outcome.lost)} lost, {len(outcome.doubled)} doubled,"
        f" {len(outcome.spooled)} left in the spool"
    )
    sys.exit(not outcome.good)


async def survive(folder: Path, *, jobs: int, kills: int) -> Outcome:
    async with fakes(2) as comfyuis:
        return await asyncio.to_thread(storm, folder, comfyuis, jobs=jobs, kills=kills)


def storm(folder: Path, comfyuis: list[str], *, jobs: int, kills: int) -> Outcome:
    (folder / "s3").mkdir()
    with S3Server(folder / "s3") as server:
        settings = {**server.settings, "IMGEN_COMFYUI_URLS": ",".join(comfyuis)}
        service = Service(folder / "data", settings).start()
        try:
            began = time.monotonic()
            accepted = [
                service.call("generate", prompt=f"red coat, street {number}")["id"]
                for number in range(jobs)
            ]
            for kill in range(1, kills + 1):
                _until(lambda share=kill / (kills + 1): _stored(server) >= 2 * jobs * share)
                _kill_both(server, service)
            return _outcome(service, server, accepted, began)
        finally:
            service.stop()


def _kill_both(server: S3Server, service: Service) -> None:
    """The service not before it has noticed that the server is gone."""
    waited = service.log().count(WAITS)
    server.kill()
    _until(lambda: service.log().count(WAITS) > waited)
    service.kill()
    server.start()
    service.start()


def _outcome(service: Service, server: S3Server, accepted: list[str], began: float) -> Outcome:
    ended = {job: service.wait(job, limit=PATIENCE) for job in accepted}
    seconds = time.monotonic() - began
    images = {
        job: status["meta"]["images"] if status["status"] == "COMPLETED" else []
        for job, status in ended.items()
    }
    named = {image["filename"] for found in images.values() for image in found}
    return Outcome(
        jobs=len(accepted),
        seconds=seconds,
        lost=frozenset(job for job, found in images.items() if not _all_there(found)),
        doubled=frozenset(_files(server, "assets") - named),
        spooled=frozenset(_files(server, "spool")),
    )


def _all_there(images: list[dict[str, str]]) -> bool:
    answers = [requests.get(image["url"], timeout=30) for image in images]
    return bool(answers) and all(answer.status_code == 200 for answer in answers)


def _stored(server: S3Server) -> int:
    return len(_files(server, "assets"))


def _files(server: S3Server, folder: str) -> set[str]:
    """What a killed server has left unfinished is hidden, from its clients too."""
    root = server.folder / "buckets" / BUCKET / folder
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.name for path in files if not path.name.startswith(".")}


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("nothing moves any more")
        time.sleep(0.05)


if __name__ == "__main__":
    main()
