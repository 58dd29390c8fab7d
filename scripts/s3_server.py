"""A real S3 server on this machine: `rclone serve s3` over a folder, for tests and `make serve-s3`.

What it has acknowledged lies in the folder, so that it can be killed and started again.
"""

import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

RCLONE = Path(sys.executable).with_name("rclone")
HOST = "127.0.0.1"
BOOT = 20  # seconds
BUCKET = "pictures"


class S3Server:
    """Keeps its address and keys when it is started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.access_key, self.secret_key = "imgen", secrets.token_hex(16)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a service that stores its pictures here."""
        return {
            "IMGEN_S3__BUCKET": BUCKET,
            "IMGEN_S3__ENDPOINT": self.url,
            "IMGEN_S3__ACCESS_KEY": self.access_key,
            "IMGEN_S3__SECRET_KEY": self.secret_key,
        }

    @property
    def bucket(self) -> Path:
        return self.folder / "buckets" / BUCKET

    @property
    def command(self) -> list[str | Path]:
        return [RCLONE, "serve", "s3", "--addr", f"{HOST}:{self.port}", self.bucket.parent]

    @property
    def environment(self) -> dict[str, str]:
        keys = f"{self.access_key},{self.secret_key}"
        return {"RCLONE_AUTH_KEY": f'"{keys}"', "RCLONE_CONFIG": str(self.folder / "none")}

    def start(self) -> Self:
        self.bucket.mkdir(parents=True, exist_ok=True)
        with (self.folder / "s3.log").open("ab") as log:
            self._process = subprocess.Popen(self.command, env=self.environment, stderr=log)
        self._wait_until_up()
        return self

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(timeout=20)
            self._process = None

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + BOOT
        while time.monotonic() < deadline and self._process and self._process.poll() is None:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"no S3 server: {(self.folder / 's3.log').read_text()[-2000:]}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
