"""What the pack keeps of finished runs, and how it hands it over."""

import asyncio
import threading

import pytest
from aiohttp import MultipartReader, web
from aiohttp.test_utils import TestClient, TestServer

from comfy_nodes.delivery import BOOT, Limits, Results, add_routes
from comfy_nodes.marks import VERSION
from comfy_nodes.marks.finish import Facts, Finished

FACTS = Facts(64, 32, "webp", "ab" * 32, 77)


def made(size=10):
    return Finished(b"p" * size, b"t", FACTS)


class Gate:
    """Work that ends when it is let through."""

    def __init__(self):
        self._open = threading.Event()

    def __call__(self):
        assert self._open.wait(10)
        return [made()]

    def open(self):
        self._open.set()


@pytest.fixture
def results():
    return Results()


@pytest.fixture
async def client(results):
    table = web.RouteTableDef()
    add_routes(table, results)
    app = web.Application()
    app.add_routes(table)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_pack_says_its_version(client):
    answer = await client.get("/imgen/version")
    assert await answer.json() == {"pack": VERSION, "boot": BOOT}


async def test_an_unknown_result_is_not_found(client):
    assert (await client.get("/imgen/results/job/1")).status == 404


async def test_a_result_is_known_as_soon_as_it_is_submitted(client, results):
    gate = Gate()
    results.submit("job/1", gate)
    assert (await client.get("/imgen/results/job/1")).status == 202
    gate.open()


async def test_a_waiting_request_is_woken_by_the_result(client, results):
    gate = Gate()
    results.submit("job/1", gate)
    request = asyncio.ensure_future(client.get("/imgen/results/job/1?wait=30"))
    asyncio.get_running_loop().call_later(0.1, gate.open)
    async with asyncio.timeout(5):
        assert (await request).status == 200


async def test_a_wait_ends_in_time(client, results):
    gate = Gate()
    results.submit("job/1", gate)
    async with asyncio.timeout(5):
        assert (await client.get("/imgen/results/job/1?wait=0.05")).status == 202
    gate.open()


@pytest.mark.parametrize("wait", ["soon", "nan", "inf", ""])
async def test_a_wait_that_is_no_number_is_refused_with_json(client, wait):
    answer = await client.get("/imgen/results/job/1", params={"wait": wait})
    assert (answer.status, list(await answer.json())) == (400, ["error"])


async def test_a_result_comes_in_named_parts(client, results):
    results.submit("job/1", lambda: [made(), made()])
    answer = await client.get("/imgen/results/job/1?wait=5")
    reader = MultipartReader.from_response(answer)
    facts = await (await reader.next()).json()
    parts = []
    while (part := await reader.next()) is not None:
        parts.append((part.name, part.headers["Content-Type"], bytes(await part.read())))
    assert (
        facts
        == [
            {
                "width": 64,
                "height": 32,
                "format": "webp",
                "fingerprint": "ab" * 32,
                "fingerprint_quality": 77,
            }
        ]
        * 2
    )
    assert parts == [
        ("picture-1", "image/webp", b"p" * 10),
        ("thumbnail-1", "image/webp", b"t"),
        ("picture-2", "image/webp", b"p" * 10),
        ("thumbnail-2", "image/webp", b"t"),
    ]


async def test_a_result_can_be_fetched_again(client, results):
    results.submit("job/1", lambda: [made()])
    for _ in range(2):
        assert (await client.get("/imgen/results/job/1?wait=5")).status == 200


async def test_a_failure_is_told(client, results):
    def work():
        raise ValueError("no such format")

    results.submit("job/1", work)
    answer = await client.get("/imgen/results/job/1?wait=5")
    assert answer.status == 500
    assert await answer.json() == {"error": "ValueError: no such format"}


async def test_a_deleted_result_is_gone_and_may_be_deleted_again(client, results):
    results.submit("job/1", lambda: [made()])
    for _ in range(2):
        assert (await client.delete("/imgen/results/job/1")).status == 204
    assert (await client.get("/imgen/results/job/1")).status == 404


async def test_a_deleted_result_does_not_come_back_when_its_work_ends(client, results):
    gate = Gate()
    results.submit("job/1", gate)
    pending = results.get("job/1")
    await client.delete("/imgen/results/job/1")
    gate.open()
    pending.result(5)
    assert (await client.get("/imgen/results/job/1")).status == 404


def kept(results, count):
    return [number for number in range(count) if results.get(f"job/{number}") is not None]


def submit_all(results, count, size=10):
    for number in range(count):
        results.submit(f"job/{number}", lambda: [made(size)])
        results.get(f"job/{number}").result(5)


def test_of_too_many_results_the_oldest_go():
    results = Results(Limits(results=3))
    submit_all(results, 5)
    assert kept(results, 5) == [2, 3, 4]


def test_of_too_large_results_the_oldest_go():
    results = Results(Limits(size=2500))
    submit_all(results, 5, size=1000)
    assert kept(results, 5) == [3, 4]


def test_old_results_go():
    now = 0.0
    results = Results(Limits(age=60), clock=lambda: now)
    submit_all(results, 2)
    now = 61.0
    assert kept(results, 2) == []


def test_what_is_unfinished_is_never_forgotten():
    now, gate = 0.0, Gate()
    results = Results(Limits(results=1, age=60), clock=lambda: now)
    results.submit("job/0", gate)
    now = 1000.0
    pending = results.get("job/0")
    assert not pending.done()
    gate.open()
    pending.result(5)


def test_a_run_is_refused_when_the_threads_stay_behind():
    results, gate = Results(Limits(unfinished=1, patience=0.05)), Gate()
    results.submit("job/0", gate)
    with pytest.raises(RuntimeError, match="still being finished"):
        results.submit("job/1", gate)
    gate.open()


def test_a_finished_run_makes_room_for_the_next():
    results = Results(Limits(unfinished=1, patience=5))
    submit_all(results, 3)
    assert kept(results, 3) == [0, 1, 2]
