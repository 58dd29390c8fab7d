"""`make bench`: every measurement, one after the other; each prints its baseline beside it.

`scripts/bench.py busy fleet` runs those two; `scripts/bench_busy.py --help` tells what one can do.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = "marks credentials jobs api service busy fleet affinity endurance".split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    chosen = parser.parse_args().parts or PARTS
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for part in chosen:
        print(f"\n== {part} ==", flush=True)
        subprocess.run([sys.executable, HERE / f"bench_{part}.py"], check=True)


if __name__ == "__main__":
    main()
