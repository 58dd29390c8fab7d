"""The service with its pictures in a real S3 server, both on this machine and in the foreground.

It has a data directory of its own: jobs of another service have their pictures elsewhere.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

from s3_server import S3Server

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "out" / "s3"
IMGEN = Path(sys.executable).with_name("imgen")


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with S3Server(FOLDER) as server:
        environment = {"IMGEN_DATA_DIR": str(FOLDER / "data"), **os.environ, **server.settings}
        print(f"S3 server  {server.url}, its buckets are in {FOLDER.relative_to(ROOT)}/buckets")
        print(f"Data       {environment['IMGEN_DATA_DIR']}, for IMGEN_DATA_DIR", flush=True)
        service = subprocess.Popen([IMGEN, "serve"], env=environment)
        signal.signal(signal.SIGTERM, lambda *_: service.terminate())
        signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the service, too
        return service.wait()


if __name__ == "__main__":
    sys.exit(main())
