"""The artists' page in a real Chromium."""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Locator, Page, sync_playwright

LIMIT = 30_000  # milliseconds that anything may take to appear
TRIES = 5
SETTLING = 3000  # milliseconds
MENU_ENTRY = ".litemenu-entry, [role=menuitem]"


@contextmanager
def chromium() -> Iterator[Page]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1900, "height": 1000})
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
        self._wait_for_bar()

    def _wait_for_bar(self) -> None:
        self.page.wait_for_selector(".imgen-bar option[value=sdxl]", state="attached")

    def show_nodes(self, kind: str) -> bool:
        """Whether the page can: `painted` ones, or such of `html`."""
        if self.page.evaluate("app.extensionManager?.setting === undefined"):
            return kind == "painted"
        has_html = self.page.evaluate("app.collectNodeMenuItems !== undefined")  # finished ones
        self._set("Comfy.TutorialCompleted", value=True)  # no greeting over the graph
        if has_html:
            self._set("Comfy.VueNodes.Enabled", value=kind == "html")
        self.page.reload()
        self._wait_for_bar()
        return has_html or kind == "painted"

    def _set(self, setting: str, *, value: bool) -> None:
        """Of ComfyUI's."""
        self.page.evaluate("set => app.extensionManager.setting.set(...set)", [setting, value])

    def missing(self, graph: Mapping[str, Any]) -> set[str]:
        """The node classes of a template that the page lacks."""
        classes = [node["class_type"] for node in graph.values()]
        lacks = "classes => classes.filter(c => !LiteGraph.registered_node_types[c])"
        return set(self.page.evaluate(lacks, classes))

    def choose(self, template: str) -> None:
        self.page.select_option(".imgen-bar select", template)

    def chosen(self) -> str:
        return self.page.input_value(".imgen-bar select")

    def open(self, template: str) -> None:
        self.page.evaluate("app.graph.extra = {}")  # so that it is seen when it is there
        self.choose(template)
        self._wait_until_open(template)

    def _wait_until_open(self, template: str) -> None:
        self.page.wait_for_function(
            "name => window.app?.graph?.extra?.imgen?.name === name", arg=template
        )

    def load_anew(self, template: str, *, once_remembered: str) -> None:
        """The page, with the template that it remembers."""
        self.page.wait_for_function(
            "text => Object.values(localStorage).some(kept => kept.includes(text))",
            arg=once_remembered,
        )
        self.page.reload()
        self._wait_until_open(template)
        self._wait_until_chosen(template)

    def _wait_until_chosen(self, template: str) -> None:
        self.page.wait_for_selector(
            f".imgen-bar option[value={template}]:checked", state="attached"
        )

    def workflow(self) -> str:
        """As the page writes it into pictures."""
        text: str = self.page.evaluate("JSON.stringify(app.graph.serialize())")
        return text

    def drop(self, picture: bytes) -> None:
        """On the canvas, as a file."""
        self.page.evaluate(
            "bytes => { const data = new DataTransfer();"
            "data.items.add(new File([new Uint8Array(bytes)], 'one.png', {type: 'image/png'}));"
            "app.canvas.canvas.dispatchEvent("
            "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})) }",
            list(picture),
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
        corner = "app.canvas.canvas.getBoundingClientRect()"
        (x, y), (left, top) = self.node(title, f"const c = {corner}; return [{place}, [c.x, c.y]]")
        return x + left, y + top

    def _menu(self, title: str, *entries: str) -> None:
        """What the right button opens over the node."""
        shown = [re.compile(rf"^\s*{entry}(:| …|\s*$)") for entry in entries]
        found = [self.page.locator(MENU_ENTRY).filter(has_text=text).last for text in shown]
        self._open_menu(title, found[0])
        for entry in found:
            entry.click()

    def _open_menu(self, title: str, entry: Locator) -> None:
        """Again if the node was elsewhere by then: it moves while the page settles."""
        for _ in range(TRIES):
            self.page.mouse.click(*self._title_of(title), button="right")
            with suppress(Error):
                entry.wait_for(timeout=SETTLING)
                return
            self.page.keyboard.press("Escape")

    def bind(self, title: str, widget: str, name: str) -> None:
        """To a name, or `Unbind`."""
        self._menu(title, "Imgen: bind", widget)
        self.page.click(f"dialog.imgen button:text-is('{name}')")

    def clause(self, title: str, key: str, expression: str) -> None:
        """`when` or `each`."""
        self._menu(title, key)
        self.page.fill("dialog.imgen input", expression)
        self.page.click("dialog.imgen button:text-is('Use')")

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

    def save_as(self, name: str) -> str:
        """What the page says to it."""
        self.page.once("dialog", lambda dialog: dialog.accept(name))
        self.page.click(".imgen-bar button:text('Save as new')")
        said = self.told()
        self._wait_until_chosen(name)
        return said

    def told(self) -> str:
        said: str = self.page.wait_for_selector("dialog.imgen").inner_text()
        self.page.keyboard.press("Escape")
        return said

    def _version(self, number: int, button: str) -> None:
        self.page.click(".imgen-bar button:text('History')")
        self.page.click(f"dialog.imgen li:has-text('{number}. ') button:text('{button}')")

    def differences(self, number: int) -> dict[str, str]:
        """To a former version: the line that is gone, and the one that is there now."""
        self._version(number, "Compare")
        shown = {
            tag: self.page.locator(f"dialog.imgen pre {tag}").inner_text() for tag in ("del", "ins")
        }
        self.page.keyboard.press("Escape")
        return shown

    def restore(self, number: int) -> None:
        self._version(number, "Restore")
        self.page.wait_for_selector("dialog.imgen:has-text('is published')")
        self.page.keyboard.press("Escape")
