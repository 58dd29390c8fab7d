"""Rewrite the golden graphs: what every template gives for the sample request."""

import sys
from pathlib import Path

from orchestrator.catalog.formats import read_template
from orchestrator.workflows import rewrite_goldens

HOME = Path(__file__).resolve().parent.parent
TEMPLATES = HOME / "workflows" / "templates"
GOLDEN = HOME / "tests" / "workflows" / "golden"


def main() -> int:
    paths = sorted(TEMPLATES.glob("*.json"))
    templates = [read_template(path.stem, path.read_bytes()) for path in paths]
    for path in rewrite_goldens(templates, GOLDEN):
        print(f"{'rewrote' if path.exists() else 'removed'} {path.relative_to(HOME)}")
    print(f"{len(templates)} golden graphs are up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
