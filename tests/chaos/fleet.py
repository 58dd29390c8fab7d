"""Doors and workers on one PostgreSQL, each a process of its own."""

from pathlib import Path

from orchestrator.credentials import development_chain

from .killer import Killer
from .processes import Process, free_port
from .sites import IMGEN, Site, fake_comfyui, quick_workflows

DOORS = 2
WORKERS = 2


def fleet(folder: Path, database: str) -> Site:
    """Each worker with two fake ComfyUIs. Nobody is killed by the clock."""
    shared = shared_settings(folder, database)
    doors, workers, comfyuis = [], [], []
    for number in range(DOORS):
        port = str(free_port())
        doors.append(_process(folder, "api", number, shared | {"IMGEN_PORT": port}))
    for number in range(WORKERS):
        place = folder / f"gpu{number}"
        place.mkdir()
        comfyui, urls = fake_comfyui(place)
        comfyuis.append(comfyui)
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
        "IMGEN_CREDENTIALS__CERTIFICATE": str(certificate),
        "IMGEN_CREDENTIALS__KEY": str(key),
        "IMGEN_CREDENTIALS__ANCHORS": str(anchors),
    }


def _process(folder: Path, command: str, number: int, settings: dict[str, str]) -> Process:
    name = f"{command}{number}"
    data = {"IMGEN_DATA_DIR": str(folder / (name if (command, number) != ("api", 0) else "data"))}
    return Process(name, [IMGEN, command], folder, settings | data)
