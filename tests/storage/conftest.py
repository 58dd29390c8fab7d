"""Every storage there is. A new one is one line in STORAGES."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.ports import Storage
from orchestrator.storage import LocalStorage

PUBLIC_URL = "https://pictures.example"
SECRET = b"a secret of thirty-two bytes ...."


def local(folder: Path) -> LocalStorage:
    return LocalStorage(folder, public_url=PUBLIC_URL, secret=SECRET)


STORAGES: dict[str, Callable[[Path], Storage]] = {
    "local": local,
}


@pytest.fixture(params=STORAGES.values(), ids=STORAGES.keys())
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return request.param(tmp_path / "storage")
