"""`imgen serve` and a second door on one PostgreSQL, over HTTP; ComfyUI is a fake one."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.acceptance.service import IMGEN, Service
from tests.chaos.fleet import shared_settings
from tests.jobs import postgres_server

RATE = 5  # requests a minute
LIMIT = 30  # seconds until everything works again
FAKE = [sys.executable, "-m", "tests.comfy.fake_comfyui"]
MODELS = {"action": "models"}


@pytest.fixture(scope="module")
def postgres() -> Iterator[postgres_server.Server]:
    """One that may be stopped."""
    with postgres_server.running_or_skipped() as server:
        yield server


@pytest.fixture(scope="module")
def settings(
    postgres: postgres_server.Server, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("shared")
    shared = shared_settings(folder, postgres.new_database())
    del shared["IMGEN_PUBLIC_URL"]
    rate = str(RATE)
    return shared | {"IMGEN_LIMITS__FREE_RATE": rate, "IMGEN_LIMITS__ADDRESS_RATE": rate}


@pytest.fixture(scope="module")
def doors(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Service]]:
    """The first one works too."""
    folder = tmp_path_factory.mktemp("doors")
    with ExitStack() as stack:
        comfyui = stack.enter_context(running(Service(folder / "comfyui", command=FAKE)))
        url = {"IMGEN_COMFYUI_URLS": comfyui.url}
        first = stack.enter_context(running(Service(folder / "serve", settings | url)))
        api = Service(folder / "api", settings, command=[IMGEN, "api"])
        second = stack.enter_context(running(api))
        shutil.copy(first.data_dir / "admin.key", second.data_dir)
        yield first, second


@contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        yield service.start()
        assert service.stop() == 0, service.log()[-4000:]
    finally:
        service.kill()


def test_a_picture_is_made_and_its_link_works_at_every_door(
    doors: tuple[Service, Service],
) -> None:
    first, second = doors
    made = first.generate("red coat, snowy street")
    [signed] = [each for each in made["meta"]["images"] if each["type"] == "signed"]
    for door in (first.url, second.url):
        answer = requests.get(signed["url"].replace(first.url, door), timeout=10)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")


def free_key(settings: dict[str, str], folder: Path) -> str:
    created = subprocess.run(
        [IMGEN, "keys", "create", "visitor", "--tier", "free"],
        env={**settings, "IMGEN_DATA_DIR": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    return created.stdout.strip()


def asked_in_turn(doors: tuple[Service, Service], key: str) -> list[requests.Response]:
    headers = {"Authorization": f"Bearer {key}"}
    return [doors[n % 2].post(MODELS, headers=headers) for n in range(RATE + 2)]


def test_the_rate_of_a_key_holds_over_all_doors(
    doors: tuple[Service, Service], settings: dict[str, str], tmp_path: Path
) -> None:
    answers = asked_in_turn(doors, free_key(settings, tmp_path))
    assert [answer.status_code for answer in answers] == [200] * RATE + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60 / RATE


def test_the_rate_of_failed_authentications_holds_over_all_doors(
    doors: tuple[Service, Service],
) -> None:
    answers = asked_in_turn(doors, "no key of ours")
    assert [answer.status_code for answer in answers] == [401] * RATE + [429] * 2


# What needs the database, in each dialect, and how it says that it is not there.
Ask = Callable[[Service, str], requests.Response]
ASKED: dict[str, Ask] = {
    "v2 generate": lambda door, _: door.post({"action": "generate", "prompt": "red coat"}),
    "v2 status": lambda door, job: door.post({"action": "status", "id": job}),
    "v2 cancel": lambda door, job: door.post({"action": "cancel", "id": job}),
}
SHAPES: dict[str, dict[str, Any]] = {"v2": {"error": "Service unavailable"}}


@pytest.fixture(scope="module")
def while_away(
    doors: tuple[Service, Service], postgres: postgres_server.Server
) -> Iterator[dict[str, list[requests.Response]]]:
    """What both doors answer while the database is gone, all asked at the same time."""
    first, second = doors
    job = first.call("generate", prompt="red coat")["id"]
    second.call("status", id=job)  # every door knows the key
    postgres.stop()
    try:
        with ThreadPoolExecutor(2 * len(ASKED)) as threads:
            asked = {
                name: [threads.submit(ask, door, job) for door in doors]
                for name, ask in ASKED.items()
            }
    finally:
        postgres.start()
    return {name: [each.result() for each in answers] for name, answers in asked.items()}


@pytest.mark.parametrize("name", ASKED)
def test_without_the_database_callers_are_told_when_to_come_back(
    while_away: dict[str, list[requests.Response]], name: str
) -> None:
    for answer in while_away[name]:
        assert (answer.status_code, answer.json()) == (503, SHAPES[name.partition(" ")[0]])
        assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.usefixtures("while_away")
def test_when_the_database_is_back_pictures_are_made(doors: tuple[Service, Service]) -> None:
    deadline = time.monotonic() + LIMIT
    for door in doors:
        while (
            answer := door.post({"action": "generate", "prompt": "red coat"})
        ).status_code != 200:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.1)
        assert door.wait(answer.json()["id"])["status"] == "COMPLETED"
