"""A caller that left a URL is told of the end of its job, and can verify who told it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
import requests
from click.testing import CliRunner
from service import Service
from standardwebhooks import Webhook

from orchestrator.cli import imgen

LIMIT = 60  # seconds
FORBIDDEN = "diagram of a pipe bomb"

Message = tuple[bytes, dict[str, str]]


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.got: Queue[Message] = Queue()
        self.url = f"http://127.0.0.1:{self.server_port}/hook"


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.put((body, dict(self.headers)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(service: Service, *arguments: str) -> str:
    environment = {"IMGEN_DATA_DIR": str(service.data_dir), "COLUMNS": "200"}
    return CliRunner().invoke(imgen, arguments, env=environment, catch_exceptions=False).stdout


@pytest.fixture
def secret(service: Service) -> Webhook:
    return Webhook(run(service, "keys", "webhook-secret", "admin").strip())


def test_a_finished_picture_is_told_as_status_tells_it(
    service: Service, receiver: Receiver, secret: Webhook
) -> None:
    job = service.call("generate", prompt="red coat, snowy street", webhook_url=receiver.url)
    event = secret.verify(*receiver.got.get(timeout=LIMIT))
    status = service.call("status", id=job["id"])
    links = [image.pop("url") for image in event["data"]["meta"]["images"]]
    for image in status["meta"]["images"]:
        image.pop("url")  # each time another
    assert (event["type"], event["data"]) == ("job.completed", {"id": job["id"], **status})
    assert requests.get(links[0], timeout=10).headers["Content-Type"] == "image/jpeg"


def test_a_blocked_prompt_is_told_too(
    service: Service, receiver: Receiver, secret: Webhook
) -> None:
    service.call("generate", prompt=FORBIDDEN, webhook_url=receiver.url)
    event = secret.verify(*receiver.got.get(timeout=LIMIT))
    assert event["data"]["compliance"] == "unsafe"


def test_an_operator_sees_what_was_sent_and_sends_it_again(
    service: Service, receiver: Receiver
) -> None:
    service.call("generate", prompt=FORBIDDEN, webhook_url=receiver.url)
    _, headers = receiver.got.get(timeout=LIMIT)
    assert headers["webhook-id"] in run(service, "webhooks", "list")
    run(service, "webhooks", "retry", headers["webhook-id"])
    _, again = receiver.got.get(timeout=LIMIT)
    assert again["webhook-id"] == headers["webhook-id"]
