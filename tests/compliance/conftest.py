"""A folder of rulesets and hash lists for each test."""

from pathlib import Path

import pytest
from compliance_samples import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
