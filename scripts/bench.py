"""`make bench`: every measurement, one after the other; each prints its baseline beside it.

`scripts/bench.py busy fleet` runs those two; `scripts/bench_busy.py --help` tells what one can do.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMFYUI_PYTHON = HERE.parent / "comfyui" / ".venv" / "bin" / "python"
PYTHON = {  # by part
    "marks": COMFYUI_PYTHON,  # has the stock packages
    **dict.fromkeys(("credentials", "jobs", "cache", "catalog", "api", "service"), sys.executable),
    **dict.fromkeys(("busy", "fleet", "affinity", "endurance"), sys.executable),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PYTHON)}")
    chosen = parser.parse_args().parts or PYTHON
    if unknown := set(chosen) - set(PYTHON):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for part in chosen:
        print(f"\n== {part} ==", flush=True)
        subprocess.run([PYTHON[part], HERE / f"bench_{part}.py"], check=True)


if __name__ == "__main__":
    main()
