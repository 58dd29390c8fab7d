"""`make bench`: every measurement, one after the other; each prints its baseline beside it."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("bench_marks.py", "bench_credentials.py", "bench_jobs.py", "bench_service.py")


def main() -> None:
    for part in PARTS:
        print(f"\n== {part} ==", flush=True)
        subprocess.run([sys.executable, HERE / part], check=True)


if __name__ == "__main__":
    main()
