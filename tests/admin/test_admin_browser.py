"""The admin page in a real Chromium."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from office import HOSTILE, Office
from playwright.async_api import Page, async_playwright

from orchestrator.catalog.folders import Folders

HOME = Path(__file__).parent.parent.parent
LIMIT = 15_000  # milliseconds that anything may take to appear


@pytest.fixture
async def page(office: Office) -> AsyncIterator[Page]:
    """Of an operator who has signed in."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium")
    key = await office.keys.create("olga", admin=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = await browser.new_page()
        page.set_default_timeout(LIMIT)
        await page.goto(str(office.client.make_url("/admin")))
        await page.fill("input[name=key]", key)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#summary")
        yield page
        await browser.close()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    return Folders(HOME / "workflows", tmp_path / "models")


async def test_a_file_that_is_refused_is_seen_with_the_reason_without_a_reload(
    office: Office, page: Page, folders: Folders, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.evaluate("window.loaded = 'once'")
    await page.focus("input[type=search]")
    file = tmp_path / "models" / "checkpoints" / f"{HOSTILE}.safetensors"
    file.write_bytes(b"cut off")
    os.utime(file, (0, 0))  # nobody is still writing it
    office.world.shelf_now = folders.read_all()
    row = page.locator("#refused tr", has_text=f"{HOSTILE}.safetensors")
    assert "is cut off or no safetensors file" in await row.inner_text()
    assert await page.locator("img[src=x]").count() == 0
    assert await page.evaluate("[window.loaded, document.activeElement.name]") == ["once", "q"]
    assert errors == []


async def test_typed_words_narrow_the_lists_and_what_is_open_stays_open(
    page: Page, office: Office, folders: Folders
) -> None:
    await page.click("#characters summary")
    office.world.shelf_now = folders.read_all()
    await page.fill("input[type=search]", "sdxl")
    await page.locator("#refused th", has_text="sdxl").wait_for()
    assert await page.locator("#refused th", has_text="sd15").count() == 0
    assert page.url.endswith("/admin?q=sdxl")
    assert await page.locator("#characters[open]").count() == 1


async def test_a_key_is_disabled_with_the_keyboard(office: Office, page: Page) -> None:
    await office.keys.create("alice")
    await page.reload()
    await page.get_by_role("button", name="Disable alice").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Enable alice").wait_for()
    assert [key.enabled for key in await office.keys.list() if key.name == "alice"] == [False]


async def test_the_page_says_that_the_service_is_gone(office: Office, page: Page) -> None:
    await office.client.server.close()
    await page.locator("#told", has_text="does not answer").wait_for()
