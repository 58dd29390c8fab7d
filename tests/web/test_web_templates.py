"""What holds for every page, whatever is put into it."""

import re
from pathlib import Path

import pytest

from orchestrator.web import STATIC, static_url

TEMPLATES = sorted((Path(__file__).parents[2] / "orchestrator/web/templates").rglob("*.html"))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_no_page_has_style_or_script_within_or_switches_escaping_off(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", text)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_no_page_loads_anything_from_elsewhere(file: Path) -> None:
    assert not re.search(r"(src|href|action)=\"(https?:)?//", file.read_text())


def test_a_file_has_another_address_when_it_is_another() -> None:
    assert len({static_url(name) for name in STATIC}) == len(STATIC)
    assert all(re.search(r"\?v=[0-9a-f]{12}$", static_url(name)) for name in STATIC)
