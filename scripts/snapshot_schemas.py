"""Snap the schemas of a running ComfyUI's nodes into the file that tests and templates rely on.

    python scripts/snapshot_schemas.py --url http://127.0.0.1:8188

Run it against the packaged ComfyUI with our node pack and no weights, so that the snapshot is the
same everywhere.
"""

import argparse
import json
import sys
import urllib.request
from pathlib import Path

from orchestrator.workflows.schemas import reduced
from orchestrator.workflows.snapshots import PACKAGED

TARGET = Path(__file__).resolve().parent.parent / "orchestrator" / "workflows" / PACKAGED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="of the running ComfyUI")
    parser.add_argument("--out", type=Path, default=TARGET)
    arguments = parser.parse_args()
    with urllib.request.urlopen(f"{arguments.url}/object_info", timeout=60) as answer:  # noqa: S310 - the developer's own address
        nodes = reduced(json.load(answer))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(node)}" for name, node in nodes.items())
    arguments.out.write_text(f"{{\n{lines}\n}}\n", "utf-8")
    print(f"{len(nodes)} node classes, {arguments.out.stat().st_size} bytes: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
