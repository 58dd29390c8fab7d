"""What README promises is there: commands, settings, files."""

import re
from pathlib import Path

import click
import pytest

from orchestrator.cli import imgen
from orchestrator.settings import HOME, Settings, describe

README = (HOME / "README.md").read_text()
CONTRIBUTING = (HOME / "CONTRIBUTING.md").read_text()
DOCUMENTS = [*HOME.glob("*.md"), HOME / "comfyui" / "README.md"]
TARGETS = set(
    re.findall(r"^([a-z][a-z0-9-]*):.*## ", (HOME / "Makefile").read_text(), re.MULTILINE)
)


def words_after(program: str, text: str) -> set[tuple[str, ...]]:
    """What a text gives a program in code: `imgen keys create` → (keys, create)."""
    code = re.findall(r"`[^`\n]+`|^```sh\n.*?^```", text, re.MULTILINE | re.DOTALL)
    found = (re.findall(rf"\b{program}((?: [a-z][a-z0-9-]*)+)", piece) for piece in code)
    return {tuple(words.split()) for piece in found for words in piece}


def follow(words: tuple[str, ...]) -> click.Command | None:
    command: click.Command | None = imgen
    for word in words:
        if not isinstance(command, click.Group):
            break  # the rest are arguments
        command = command.get_command(click.Context(command), word)
    return command


@pytest.mark.parametrize("words", sorted(words_after("imgen", README)))
def test_every_imgen_command_of_readme_exists(words: tuple[str, ...]) -> None:
    assert follow(words), f"there is no `imgen {' '.join(words)}`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_of_a_document_exists(document: Path) -> None:
    assert {words[0] for words in words_after("make", document.read_text())} <= TARGETS


def test_readme_names_every_command() -> None:
    named = {words[0] for words in words_after("imgen", README)}
    assert named == set(imgen.list_commands(click.Context(imgen)))


def test_readme_names_every_make_target() -> None:
    assert {words[0] for words in words_after("make", README)} | {"help"} == TARGETS


def test_the_settings_table_is_what_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, *_ in describe(Settings()):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # away from imgen.toml
    expected = [row(*setting) for setting in describe(Settings())]
    assert re.findall(r"^\| `IMGEN_.*$", README, re.MULTILINE) == expected


def row(name: str, value: str, description: str) -> str:
    value = value.removeprefix(f"{HOME}/")
    return f"| `{name}` | {f'`{value}`' if value else ''} | {description} |"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_folder_of_readme_exists() -> None:
    folders = re.findall(r"`((?:workflows|comfyui|tests|orchestrator)/[\w./]*/)`", README)
    assert [folder for folder in folders if not (HOME / folder).is_dir()] == []


def test_every_link_within_readme_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9-]", "", heading.lower().replace(" ", "-")) for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_the_map_of_contributing_names_every_part_of_the_service() -> None:
    named = set(re.findall(r"`(?:orchestrator/)?(\w+(?:/|\.py))`", CONTRIBUTING))
    parts = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in (HOME / "orchestrator").glob("[!_]*")
    }
    assert parts - named == set()
