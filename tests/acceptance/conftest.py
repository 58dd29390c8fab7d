"""One running service for all acceptance tests that don't break it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from service import Service


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.comfyui)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = {"IMGEN_WEBHOOKS__ALLOW": "127.0.0.0/8"}
    running = Service(tmp_path_factory.mktemp("service"), settings).start()
    yield running
    assert running.stop() == 0, running.log()[-4000:]
