"""Doors and workers on one PostgreSQL, each a process of its own."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.credentials import development_chain
from tests.jobs import postgres_server

from .killer import Killer
from .processes import Process, free_port
from .sites import IMGEN, OFTEN, SELDOM, Site, fake_comfyui, quick_workflows, real_comfyui

MakeComfyUI = Callable[[Path], tuple[Process, list[str]]]

DOORS = 2
WORKERS = 2


class Database:
    """The PostgreSQL, as a victim."""

    name = "postgresql"

    def __init__(self, server: postgres_server.Server) -> None:
        self._server = server
        self.kills = 0

    async def kill(self) -> None:
        self.kills += 1
        await asyncio.to_thread(self._server.stop)

    async def start(self) -> None:
        await asyncio.to_thread(self._server.start)


@contextmanager
def on_fakes(folder: Path) -> Iterator[Site]:
    with besieged(folder, fake_comfyui, pause=OFTEN) as site:
        yield site


@contextmanager
def on_comfyui(folder: Path) -> Iterator[Site]:
    with besieged(folder, real_comfyui, pause=SELDOM) as site:
        yield site


@contextmanager
def besieged(folder: Path, comfyui: MakeComfyUI, *, pause: tuple[float, float]) -> Iterator[Site]:
    """A fleet of which everybody is killed, the database too; `pause` is between ComfyUIs."""
    programs = postgres_server.programs()
    assert programs, "no PostgreSQL here (Debian: apt install postgresql)"
    with postgres_server.running(programs) as server:
        site = fleet(folder, server.new_database(), comfyui)
        comfyuis, workers, doors = (
            [process for process in site.processes if process.name.startswith(name)]
            for name in ("comfyui", "worker", "api")
        )
        killers = [Killer(workers, OFTEN), Killer(doors, OFTEN), Killer(comfyuis, pause)]
        yield replace(site, killers=[*killers, Killer([Database(server)], SELDOM)])


def fleet(folder: Path, database: str, make_comfyui: MakeComfyUI = fake_comfyui) -> Site:
    """Each worker with ComfyUIs of its own. Nobody is killed by the clock."""
    shared = shared_settings(folder, database)
    doors, workers, comfyuis = [], [], []
    for number in range(DOORS):
        port = str(free_port())
        doors.append(_process(folder, "api", number, shared | {"IMGEN_PORT": port}))
    for number in range(WORKERS):
        place = folder / f"gpu{number}"
        place.mkdir()
        comfyui, urls = make_comfyui(place)
        comfyuis.append(replace(comfyui, name=f"comfyui{number}"))
        external = {"IMGEN_COMFYUI_URLS": ",".join(urls)}
        workers.append(_process(folder, "worker", number, shared | external))
    urls = [f"http://127.0.0.1:{door.environment['IMGEN_PORT']}" for door in doors]
    killers: list[Killer] = []
    return Site([*comfyuis, *workers, *doors], killers, urls, folder, storage=folder / "shared")


def shared_settings(folder: Path, database: str) -> dict[str, str]:
    chain = development_chain(folder / "credentials")
    certificate, key = folder / "chain.pem", folder / "key.pem"
    certificate.write_text(chain.certificates)
    key.write_text(chain.key)
    anchors = folder / "anchors.pem"
    anchors.write_text(chain.anchors)
    return {
        "IMGEN_DATABASE_URL": database,
        "IMGEN_PUBLIC_URL": "http://pictures.example",
        "IMGEN_ASSETS_DIR": str(folder / "shared"),
        "IMGEN_WORKFLOWS_DIR": str(quick_workflows(folder)),
        "IMGEN_SECRETS__LINK_KEY": "1" * 64,
        "IMGEN_SECRETS__WATERMARK_KEY": "2" * 64,
        "IMGEN_SECRETS__SESSION_KEY": "3" * 64,
        "IMGEN_CREDENTIALS__CERTIFICATE": str(certificate),
        "IMGEN_CREDENTIALS__KEY": str(key),
        "IMGEN_CREDENTIALS__ANCHORS": str(anchors),
    }


def _process(folder: Path, command: str, number: int, settings: dict[str, str]) -> Process:
    name = f"{command}{number}"
    data = {"IMGEN_DATA_DIR": str(folder / (name if (command, number) != ("api", 0) else "data"))}
    return Process(name, [IMGEN, command], folder, settings | data)
