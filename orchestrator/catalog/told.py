"""What the maker of a file says of it, in its metadata or in a JSON file beside it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from orchestrator.errors import ConfigurationError
from orchestrator.models import Value

# Beside `x.safetensors`, as Civitai's own tools, model managers and web interfaces write them.
SIDECARS = (".civitai.info", ".metadata.json", ".json")
SIDECAR_LIMIT = 1 << 20  # bytes
LONGEST = 120  # characters of a title or trigger word
MOST_TRIGGERS = 8


class Told(Value):
    title: str = ""
    base_model: str = ""
    triggers: tuple[str, ...] = ()


def told(metadata: Mapping[str, str], sidecar: Mapping[str, Any]) -> Told:
    """What the operator has put beside the file goes before what is in it."""
    version = sidecar.get("civitai")
    civitai = version if isinstance(version, dict) else sidecar
    model = civitai.get("model")
    name = model.get("name") if isinstance(model, dict) else None
    triggers = (
        _phrases(sidecar.get("activation text"))
        or _phrases(civitai.get("trainedWords"))
        or _phrases(metadata.get("modelspec.trigger_phrase"))
        or _most_frequent_tag(metadata.get("ss_tag_frequency"))
    )
    return Told(
        title=_line(sidecar.get("model_name") or name or metadata.get("modelspec.title")),
        base_model=_line(
            sidecar.get("base_model") or civitai.get("baseModel") or sidecar.get("sd version")
        ),
        triggers=triggers,
    )


def read_sidecar(file: Path) -> Mapping[str, Any]:
    """Empty if it is gone. Raises ConfigurationError with what is wrong with it."""
    try:
        with file.open("rb") as opened:
            source = opened.read(SIDECAR_LIMIT + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror}") from error
    if len(source) > SIDECAR_LIMIT:
        raise ConfigurationError(f"is larger than {SIDECAR_LIMIT >> 20} MiB")
    try:
        said = from_json(source)
    except ValueError as error:
        raise ConfigurationError(f"is no JSON: {error}") from error
    if not isinstance(said, dict):
        raise ConfigurationError("is no JSON object")
    return said


def _phrases(said: object) -> tuple[str, ...]:
    """`"a, b"` and `["a, b", "c"]` alike."""
    texts = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    words = (_line(word) for text in texts if isinstance(text, str) for word in text.split(","))
    wanted = (word for word in words if word and "<" not in word)  # `<lora:…>` is others' syntax
    return tuple(dict.fromkeys(wanted))[:MOST_TRIGGERS]


def _most_frequent_tag(said: str | None) -> tuple[str, ...]:
    """kohya counts the tags of the pictures, by folder: the name is in the captions of all."""
    try:
        folders = from_json(said or "{}")
    except ValueError:
        return ()
    counts: dict[str, int] = {}
    for tag, count in _counted(folders.values() if isinstance(folders, dict) else ()):
        counts[tag] = counts.get(tag, 0) + count
    return _phrases(max(counts, key=counts.__getitem__, default=""))


def _counted(folders: Iterable[object]) -> Iterator[tuple[str, int]]:
    for tags in folders:
        if isinstance(tags, dict):
            yield from ((tag, n) for tag, n in tags.items() if isinstance(n, int))


def _line(said: object) -> str:
    """One line of printable text, without what would be taken for syntax in a prompt."""
    text = " ".join(said.split()) if isinstance(said, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST].strip()
