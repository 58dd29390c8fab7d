"""Where links lead is never left to chance."""

import socket
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.settings import Settings
from orchestrator.wiring.service import serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0"])
async def test_links_that_nobody_could_follow_are_not_made(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigurationError, match="IMGEN_PUBLIC_URL: links would begin with http"):
        await serve(Settings(host=host, port=0, data_dir=tmp_path), announce=print)


async def test_an_address_that_is_taken_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"IMGEN_PORT: can't listen on .*:{port}"):
            await serve(Settings(port=port, data_dir=tmp_path), announce=print)
