"""A real `imgen serve`, or `imgen api`, in a process of its own, and a client to talk to it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import requests

IMGEN = Path(sys.executable).with_name("imgen")
BOOT = 120  # seconds until ready, ComfyUI's start included
FINAL = ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELLED")


class Service:
    def __init__(
        self,
        data_dir: Path,
        settings: Mapping[str, str] | None = None,
        *,
        command: Sequence[str | Path] = (IMGEN, "serve"),
    ) -> None:
        self._command = command
        self.data_dir = data_dir
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> "Service":
        environment = {
            **os.environ,
            "IMGEN_PORT": "0",
            "IMGEN_DATA_DIR": str(self.data_dir),
            **self._settings,
        }
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.url = self._announced()
        return self

    def _announced(self) -> str:
        lines: Queue[str] = Queue()
        assert self._process and self._process.stdout
        output = self._process.stdout
        threading.Thread(target=lambda: [lines.put(x) for x in output], daemon=True).start()
        deadline = time.monotonic() + BOOT
        while time.monotonic() < deadline:
            try:
                word, _, url = lines.get(timeout=0.5).strip().partition(" ")
            except Empty:
                if self._process.poll() is not None:
                    break
                continue
            if word == "ready":
                return url
        raise AssertionError(f"not ready:\n{self.log()[-4000:]}")

    def kill(self) -> None:
        """As a power cut would: no signal handler runs."""
        assert self._process
        self._process.kill()
        self._end(within=10)

    def stop(self) -> int:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._end(within=30)

    def _end(self, *, within: float) -> int:
        assert self._process and self._process.stdout
        code = self._process.wait(timeout=within)
        self._process.stdout.close()
        return code

    def log(self) -> str:
        return (self.data_dir / "serve.log").read_text()

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def key(self) -> str:
        return (self.data_dir / "admin.key").read_text().strip()

    def call(self, action: str, **fields: Any) -> dict[str, Any]:
        answer = self.post({"action": action, **fields})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def post(self, body: Any, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.post(
            f"{self.url}/api/v2", json=body, **{"headers": headers, "timeout": 30, **options}
        )

    def generate(self, prompt: str, **fields: Any) -> dict[str, Any]:
        """The final status of one job."""
        return self.wait(self.call("generate", prompt=prompt, **fields)["id"])

    def wait(self, job_id: str, *, limit: float = 90) -> dict[str, Any]:
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            status = self.call("status", id=job_id)
            if status["status"] in FINAL:
                return status
            time.sleep(0.1)
        raise AssertionError(f"{job_id} has not ended: {status}\n{self.log()[-4000:]}")

    def wait_for_cache(self, *, limit: float = 30) -> None:
        """Until every picture that was made can be found."""
        deadline = time.monotonic() + limit
        headers = {"Authorization": f"Bearer {self.key}"}
        while time.monotonic() < deadline:
            stats = requests.get(f"{self.url}/api/cache", headers=headers, timeout=30).json()
            if stats["usable"] and stats["entries"] and not stats["waiting"]:
                return
            time.sleep(0.1)
        raise AssertionError(f"the cache is not ready: {stats}\n{self.log()[-4000:]}")
