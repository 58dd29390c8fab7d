"""Templates survive the artists' page: opened and closed unchanged, they are what they were."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from playwright.sync_api import Page, Route

HERE = Path(__file__).parent
HOME = HERE.parent.parent
MODULES = [HERE / "round_trip.mjs", HOME / "comfy_nodes" / "web" / "template.js"]
SITE = "http://templates.example/"  # answered here
TEMPLATES = sorted((HOME / "workflows" / "templates").glob("*.json"))
UNUSUAL = """{
  "zeta": {
    "class_type": "Any",
    "inputs": {"big": 18446744073709551615, "float": 1.0, "small": 1e-7, "quoted": "a \\"b\\": {"},
    "_meta": {"colour": "red", "title": "Any", "each": "lora in loras", "when": "loras"}
  },
  "10": {
    "class_type": "Any",
    "inputs": {"source": ["zeta", 0], "list": [1.50, "x", {"deep": null}], "text": "{{ seed }}"}
  },
  "2": {
    "class_type": "Any",
    "inputs": {}
  }
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """With what artists' browsers have and Debian's node lacks: numbers as they were written."""
    answers = {SITE + module.name: module for module in MODULES}

    def answer(route: Route) -> None:
        if module := answers.get(route.request.url):
            route.fulfill(path=module, content_type="text/javascript")
        else:
            route.fulfill(body="", content_type="text/html")

    with chromium() as page:
        page.route(f"{SITE}**", answer)
        page.goto(SITE)
        yield page


def called(browser: Page, function: str, given: object) -> Any:
    return browser.evaluate(
        f"async given => (await import('./round_trip.mjs')).{function}(given)", given
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_comes_back_as_it_was(browser: Page, template: Path) -> None:
    text = template.read_text()
    assert called(browser, "roundTrip", text) == text


def test_numbers_order_and_unknown_keys_are_kept(browser: Page) -> None:
    assert called(browser, "roundTrip", UNUSUAL) == UNUSUAL


def test_a_draft_runs_under_the_ids_of_the_page(browser: Page) -> None:
    graph = {
        "end": {"inputs": {"image": ["mid:1", 0], "size": [1, 2]}},
        "mid:1": {"inputs": {"image": ["start", 1]}},
        "start": {"inputs": {"text": "end"}},
    }
    ids = [["end", "7"], ["start", "8"]]
    assert called(browser, "renamed", [graph, ids]) == {
        "7": {"inputs": {"image": ["mid:1", 0], "size": [1, 2]}},
        "mid:1": {"inputs": {"image": ["8", 1]}},
        "8": {"inputs": {"text": "end"}},
    }
