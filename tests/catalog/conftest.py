"""A folder of dropped files to work in."""

from pathlib import Path

import pytest
from catalog_samples import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A template `one`, and nothing else."""
    workspace = Workspace(tmp_path)
    workspace.models.mkdir()
    workspace.template()
    return workspace
