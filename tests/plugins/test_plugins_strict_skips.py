"""A test can't be skipped unnoticed where everything is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SKIPS = {
    "in the test": "import pytest\ndef test(): pytest.skip('no php')",
    "by a mark": "import pytest\n@pytest.mark.skip(reason='no php')\ndef test(): pass",
    "in a fixture": "import pytest\n@pytest.fixture\ndef it(): pytest.skip('no php')\n"
    "def test(it): pass",
    "of the module": "import pytest\npytest.skip('no php', allow_module_level=True)",
}


def strictly(test: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-p", "tests.plugins.strict_skips", "--rootdir"]
    return subprocess.run(
        [*command, folder, folder], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("test", SKIPS.values(), ids=SKIPS)
def test_a_skip_fails_and_says_why(test: str, tmp_path: Path) -> None:
    done = strictly(test, tmp_path)
    assert done.returncode != 0
    assert "no php" in done.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    done = strictly("import pytest\n@pytest.mark.xfail\ndef test(): assert 0", tmp_path)
    assert done.returncode == 0, done.stdout
