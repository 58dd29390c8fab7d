"""Snap the schemas of a running ComfyUI's nodes into the files that tests and templates rely on.

    python scripts/snapshot_schemas.py --url http://127.0.0.1:8188
    python scripts/snapshot_schemas.py --url http://127.0.0.1:8189 --official

Run it against the packaged ComfyUI, or an official one, with our node pack, no others and no
weights, so that the snapshot is the same everywhere.
"""

import argparse
import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

from orchestrator.workflows.schemas import reduced
from orchestrator.workflows.snapshots import OFFICIAL, OFFICIAL_VERSION, PACKAGED

FOLDER = Path(__file__).resolve().parent.parent / "orchestrator" / "workflows"
NO_PICTURES = re.compile("video|audio|3d|train|camera|api|animation|hooks|debug")  # categories


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="of the running ComfyUI")
    parser.add_argument(
        "--official",
        action="store_true",
        help="it is an official one; what does not make still pictures is left out",
    )
    arguments = parser.parse_args()
    nodes = ask(arguments.url, "object_info")
    if arguments.official:
        version = ask(arguments.url, "system_stats")["system"]["comfyui_version"]
        if version != OFFICIAL_VERSION:
            sys.exit(f"it is {version}: change OFFICIAL_VERSION first, which is {OFFICIAL_VERSION}")
        nodes = {n: info for n, info in nodes.items() if not NO_PICTURES.search(info["category"])}
    write(FOLDER / (OFFICIAL if arguments.official else PACKAGED), reduced(nodes))
    return 0


def ask(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url}/{path}", timeout=60) as answer:  # noqa: S310 - the developer's own address
        return json.load(answer)


def write(path: Path, nodes: dict[str, Any]) -> None:
    """A line for each class."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(node)}" for name, node in nodes.items())
    path.write_text(f"{{\n{lines}\n}}\n", "utf-8")
    print(f"{len(nodes)} node classes, {path.stat().st_size} bytes: {path}")


if __name__ == "__main__":
    sys.exit(main())
