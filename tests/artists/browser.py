"""The artists' page in a real Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

LIMIT = 30_000  # milliseconds that anything may take to appear


@contextmanager
def chromium() -> Iterator[Page]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 850})
        page.set_default_timeout(LIMIT)
        try:
            yield page
        finally:
            browser.close()


class Artist:
    """A person at the page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def log_in(self, key: str) -> None:
        self.page.goto(f"{self.url}/comfy/")
        self.page.fill("input[name=key]", key)
        self.page.click("button")
        self.page.wait_for_selector(".imgen-bar option[value=sdxl]", state="attached")

    def open(self, template: str) -> None:
        self.page.evaluate("app.graph.extra = {}")  # so that it is seen when it is there
        self.page.select_option(".imgen-bar select", template)
        self.page.wait_for_function(
            "name => window.app?.graph?.extra?.imgen?.name === name", arg=template
        )

    def text(self) -> str:
        """What would be published now."""
        text: str = self.page.evaluate(
            "async () => { const all = await (await fetch('/comfy/extensions')).json();"
            "const graph = await import('/comfy' + all.find(path => path.endsWith('/graph.js')));"
            "return graph.text() }"
        )
        return text

    def node(self, title: str, change: str) -> Any:
        """What a piece of JavaScript gives for the node."""
        return self.page.evaluate(
            f"title => {{ const node = app.graph._nodes.find(n => n.title === title);"
            f"const widget = name => node.widgets.find(w => w.name === name); {change} }}",
            title,
        )

    def _title_of(self, title: str) -> tuple[float, float]:
        """Where its title is seen, in pixels of the page."""
        place = "app.canvas.ds.convertOffsetToCanvas([node.pos[0] + 60, node.pos[1] - 12])"
        x, y = self.node(title, f"return {place}")
        return x, y

    def bind(self, title: str, widget: str, name: str) -> None:
        """By the menu that the right button opens over the node."""
        x, y = self._title_of(title)
        self.page.mouse.click(x, y, button="right")
        for entry in ("Imgen: bind", widget, name):
            self.page.locator(f".litemenu-entry:text-matches('^{entry}(:|$)')").last.click()

    def move(self, title: str) -> None:
        """Drag it by its title, by 40 pixels to the right and down."""
        x, y = self._title_of(title)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 40, y + 40, steps=4)
        self.page.mouse.up()

    def draft(self, prompt: str, *, character: str) -> Any:
        """The graph that ComfyUI has drawn, once the page shows its picture."""
        self.page.click(".imgen-bar button:text('Try')")
        self.page.select_option("dialog.imgen select[name=character]", character)
        self.page.fill("dialog.imgen textarea", prompt)
        self.page.click("dialog.imgen button:text('Draw a draft')")
        self.page.wait_for_function(
            "app.graph._nodes.find(n => n.type === 'ImgenOutput').imgs?.length"
        )
        return self.page.evaluate(
            "async () => Object.values(await (await fetch('/comfy/history?max_items=1')).json())"
            "[0].prompt[2]"
        )

    def publish(self) -> str:
        """What the page says to it."""
        self.page.click(".imgen-bar button:text('Publish')")
        return self.told()

    def told(self) -> str:
        said: str = self.page.wait_for_selector("dialog.imgen").inner_text()
        self.page.keyboard.press("Escape")
        return said

    def restore(self, number: int) -> None:
        self.page.click(".imgen-bar button:text('History')")
        self.page.click(f"dialog.imgen li:has-text('{number}. ') button:text('Restore')")
        self.page.wait_for_selector("dialog.imgen:has-text('is published')")
        self.page.keyboard.press("Escape")
