"""Where links lead is never left to chance."""

from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.settings import Settings
from orchestrator.wiring.service import serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0"])
async def test_links_that_nobody_could_follow_are_not_made(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigurationError, match="IMGEN_PUBLIC_URL: links would begin with http"):
        await serve(Settings(host=host, port=0, data_dir=tmp_path), announce=print)
