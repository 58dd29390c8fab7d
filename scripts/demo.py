"""One picture through the public API, on this machine: start, generate, verify, show, stop.

The service, its database and its keys live in `out/demo`; the picture is left beside them.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "out" / "demo"
IMGEN = Path(sys.executable).with_name("imgen")
PROMPT = "@aya red coat, snowy street, warm lighting, -umbrella"
LIMIT = 120  # seconds for the picture
FINAL = ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELLED")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with running_service() as (url, key):
        print(f"Service      {url}")
        status = generate(url, key)
        meta = status["meta"]
        picture = next(image for image in meta["images"] if image["type"] == "signed")
        file = OUT / picture["filename"]
        with urllib.request.urlopen(picture["url"], timeout=30) as answer:  # noqa: S310  our own
            file.write_bytes(answer.read())
        print(f"Prompt       {meta['prompt']}")
        print(f"Link         {picture['url']}")
        print(f"Watermark    {meta['watermark_id']}")
        print(f"Fingerprint  {meta['fingerprint']} (PDQ)\n")
        subprocess.run([IMGEN, "verify", file], env=environment(), check=True)
    print(f"\nPicture      {file.relative_to(ROOT)}")
    if meta["model"] == "demo":
        print("The demo painter made it, which is no diffusion model: no checkpoint is installed.")
        print("README says how to add one.")


def environment() -> dict[str, str]:
    return {**os.environ, "IMGEN_DATA_DIR": str(OUT / "data"), "IMGEN_PORT": "0"}


@contextmanager
def running_service() -> Iterator[tuple[str, str]]:
    """Its address and admin key."""
    print("Starting the service and ComfyUI …", flush=True)
    log = (OUT / "serve.log").open("w")
    service = subprocess.Popen(
        [IMGEN, "serve"], env=environment(), stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert service.stdout  # noqa: S101  for the type checker
        for line in service.stdout:
            word, _, url = line.strip().partition(" ")
            if word == "ready":
                yield url, (OUT / "data" / "admin.key").read_text().strip()
                return
        sys.exit(f"The service did not start; {OUT / 'serve.log'} says why:\n{last_words()}")
    finally:
        service.terminate()
        service.wait(timeout=60)
        log.close()


def last_words() -> str:
    return "\n".join((OUT / "serve.log").read_text().splitlines()[-15:])


def generate(url: str, key: str) -> dict[str, Any]:
    job = call(url, key, action="generate", prompt=PROMPT)
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        status = call(url, key, action="status", **job)
        show(status)
        if status["status"] in FINAL:
            print()
            if "meta" in status:
                return status
            sys.exit(f"{status['status']}: {status['error']}\n{last_words()}")
        time.sleep(0.2)
    sys.exit(f"No picture within {LIMIT} s\n{last_words()}")


def show(status: dict[str, Any]) -> None:
    step = status.get("progress")
    done = f" step {step['step']} of {step['steps']}" if step else ""
    print(f"\rGenerating   {status['status']}{done:<20}", end="", flush=True)


def call(url: str, key: str, **body: Any) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310  our own service
        f"{url}/api/v2",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        result: dict[str, Any] = json.load(answer)
    return result


if __name__ == "__main__":
    main()
