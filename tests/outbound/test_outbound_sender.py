"""From the end of a job to its receiver, over a real ledger and real HTTP, with receivers that
misbehave."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook
from twins import CALLER, REQUEST, World

from orchestrator.api.v2.answers import ended
from orchestrator.errors import Unavailable
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outbox import DeliveryLimits, JobOutbox
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.jobs.webhook_secrets import JobWebhookSecrets
from orchestrator.models import Delivery, DeliveryState, Job
from orchestrator.outbound import Guard, Post, Sender
from orchestrator.pipeline import accept

LIMIT = 10  # seconds until something is sent
HANGS = 60.0
TIME_LIMIT = 0.5  # seconds that a receiver has
LEASE = timedelta(seconds=1)
SENDER = Path(__file__).with_name("sender_process.py")
SOON = timedelta(seconds=0.05)
LOOPBACK = [ip_network("127.0.0.0/8")]

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def ok(_: web.Request) -> web.Response:
    return web.Response(status=204)


async def fails(_: web.Request) -> web.Response:
    return web.Response(status=500)


async def gone(_: web.Request) -> web.Response:
    return web.Response(status=410)


async def redirects(_: web.Request) -> web.Response:
    raise web.HTTPTemporaryRedirect("/ok")


async def hangs(_: web.Request) -> web.Response:
    await asyncio.sleep(HANGS)
    return web.Response()


async def breaks_off(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def talks_for_ever(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


@dataclass
class Receiver:
    """Answers as told, the last way for ever, and keeps what it got."""

    answers: list[Answer] = field(default_factory=lambda: [ok])
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def receive(self, request: web.Request) -> web.StreamResponse:
        self.got.append((await request.read(), dict(request.headers)))
        self.heard.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers in self.got]


@asynccontextmanager
async def listening(receiver: Receiver, *, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.receive)
    async with TestServer(app, host=host) as server:
        receiver.url = f"http://{host}:{server.port}/hook?token=secret"
        yield receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(Receiver()) as opened:
        yield opened


class Office:
    """Jobs that end, and the sender that tells of them."""

    def __init__(self, database: SqliteDatabase, key_id: str) -> None:
        self.database = database
        self.ledger = JobLedger(database)
        self.secrets = JobWebhookSecrets(database)
        delays = tuple(SOON * number for number in range(1, 4))
        limits = DeliveryLimits(delays=delays, lease=LEASE)
        self.outbox = JobOutbox(database, limits)
        self.caller = CALLER.evolve(key_id=key_id)
        self.ports = replace(World().ports, ledger=self.ledger, queue=self.ledger)

    async def end_job(self, url: str) -> Job:
        job = await accept(REQUEST.evolve(webhook_url=url), self.caller, "v2", self.ports)
        await self.ledger.cancel(job.id)
        return job

    def sender(self, post: Post) -> Sender:
        return Sender(
            self.outbox, self.ledger, self.secrets, post, lambda job: ended(job, lambda a: a.key)
        )

    async def reaches(self, state: DeliveryState) -> Delivery:
        async with asyncio.timeout(LIMIT):
            while True:
                for delivery in await self.outbox.list(dead=False):
                    if delivery.state is state:
                        return delivery
                await asyncio.sleep(0.02)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with SqliteDatabase(tmp_path / "jobs.db") as database:
        keys = ApiKeys(database)
        await keys.create("aya")
        [key] = await keys.list()
        yield Office(database, key.id)


@asynccontextmanager
async def sending(
    office: Office, *, allow: Any = LOOPBACK, time_limit: float = TIME_LIMIT
) -> AsyncIterator[None]:
    async with Post(Guard(allow=allow), time_limit=time_limit) as post:
        task = asyncio.create_task(office.sender(post).run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_receiver_is_told_once_and_can_verify_it(
    office: Office, receiver: Receiver
) -> None:
    async with sending(office):
        job = await office.end_job(receiver.url)
        await office.reaches(DeliveryState.DELIVERED)
    [(body, headers)] = receiver.got
    event = Webhook(await office.secrets.show("aya")).verify(body, headers)
    assert (event["type"], event["data"]) == (
        "job.cancelled",
        {"id": f"run_{job.id.hex}", "status": "CANCELLED", "error": "Generation failed"},
    )
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("misbehave", [fails, redirects, hangs, breaks_off])
async def test_a_receiver_that_comes_back_is_told(
    office: Office, receiver: Receiver, misbehave: Answer
) -> None:
    receiver.answers = [misbehave, misbehave, ok]
    async with sending(office):
        await office.end_job(receiver.url)
        delivered = await office.reaches(DeliveryState.DELIVERED)
    assert receiver.ids == [delivered.id] * 3


@pytest.mark.parametrize(
    ("misbehave", "reason"),
    [
        (fails, "The receiver answered 500"),
        (redirects, "The receiver answered 307"),
        (hangs, "No answer within 0.5 s"),
    ],
)
async def test_a_receiver_that_never_comes_back_is_given_up(
    office: Office, receiver: Receiver, misbehave: Answer, reason: str
) -> None:
    receiver.answers = [misbehave]
    async with sending(office):
        await office.end_job(receiver.url)
        dead = await office.reaches(DeliveryState.DEAD)
    assert (dead.error, dead.tries, len(receiver.got)) == (reason, 4, 4)


async def test_a_receiver_that_wants_no_more_is_not_asked_again(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers = [gone]
    async with sending(office):
        await office.end_job(receiver.url)
        await office.reaches(DeliveryState.DEAD)
    assert len(receiver.got) == 1


async def test_what_a_receiver_has_to_say_is_not_listened_to(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers = [talks_for_ever]
    async with sending(office):
        await office.end_job(receiver.url)
        await office.reaches(DeliveryState.DELIVERED)


async def test_a_hanging_receiver_does_not_hold_up_another(
    office: Office, receiver: Receiver
) -> None:
    office.outbox = JobOutbox(office.database)  # its leases outlast the test
    async with listening(Receiver([hangs]), host="127.0.0.2") as slow:
        for _ in range(40):
            await office.end_job(slow.url)
        await office.end_job(receiver.url)
        async with sending(office, time_limit=HANGS):
            await office.reaches(DeliveryState.DELIVERED)
        assert len(slow.got) <= DeliveryLimits().per_host


async def test_a_private_address_is_never_connected_to(office: Office, receiver: Receiver) -> None:
    async with sending(office, allow=()):
        await office.end_job(receiver.url.replace("127.0.0.1", "localhost"))
        dead = await office.reaches(DeliveryState.DEAD)
    reason = "The URL can't be used: its address is not public"
    assert (dead.error, receiver.got) == (reason, [])


async def test_what_could_not_be_recorded_is_sent_again_under_the_same_id(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails_to_record(_: Delivery) -> None:
        monkeypatch.undo()
        raise Unavailable

    monkeypatch.setattr(office.outbox, "delivered", fails_to_record)
    async with sending(office):
        await office.end_job(receiver.url)
        delivered = await office.reaches(DeliveryState.DELIVERED)
    assert receiver.ids == [delivered.id] * 2


async def test_a_sender_that_is_killed_while_the_receiver_reads_is_replaced(
    office: Office, receiver: Receiver, tmp_path: Path
) -> None:
    program = [sys.executable, SENDER, tmp_path / "jobs.db", str(LEASE.total_seconds())]
    process = await asyncio.create_subprocess_exec(*program)

    async def kills(_: web.Request) -> web.Response:
        process.kill()
        await process.wait()
        return web.Response()

    receiver.answers = [kills, ok]
    await office.end_job(receiver.url)
    async with asyncio.timeout(LIMIT):
        assert await process.wait() == -signal.SIGKILL
    async with sending(office):
        delivered = await office.reaches(DeliveryState.DELIVERED)
    assert (delivered.tries, receiver.ids) == (2, [delivered.id] * 2)


async def test_an_interrupted_sender_leaves_the_webhook_to_the_next(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers = [hangs, ok]
    async with sending(office):
        await office.end_job(receiver.url)
        async with asyncio.timeout(LIMIT):
            await receiver.heard.wait()
    async with sending(office):
        delivered = await office.reaches(DeliveryState.DELIVERED)
    assert (delivered.tries, len(receiver.got)) == (1, 2)


async def test_nothing_is_sent_in_the_name_of_a_deleted_key(
    office: Office, receiver: Receiver
) -> None:
    await ApiKeys(office.database).delete("aya")
    async with sending(office):
        await office.end_job(receiver.url)
        await office.reaches(DeliveryState.DEAD)
    assert receiver.got == []
