"""What people see in a browser: Jinja templates, in which every value is escaped, and the static
files that they use."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from orchestrator.web.words import FILTERS

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class StaticFile:
    content: bytes
    content_type: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]


def _static_files(folder: Path) -> dict[str, StaticFile]:
    return {
        file.name: StaticFile(file.read_bytes(), TYPES[file.suffix])
        for file in folder.iterdir()
        if file.suffix in TYPES
    }


STATIC = _static_files(Path(__file__).parent / "static")


def static_url(name: str) -> str:
    """Another one whenever the file is another, so that browsers may keep it."""
    return f"/static/{name}?v={STATIC[name].version}"


_templates = Environment(
    loader=PackageLoader("orchestrator.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["static"] = static_url
_templates.filters.update(FILTERS)


def render(template: str, **values: Any) -> str:
    """`template` is a file of `templates/`."""
    return _templates.get_template(template).render(**values)
