"""Pictures that the service sends wait for their run, within bounds."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from comfy_nodes.arrivals import Arrivals, Bounds, add_routes, digest_of

PICTURE = b"a photograph"


def test_what_has_come_is_there_until_its_job_is_over():
    arrivals = Arrivals()
    arrivals.put("one/init_image", PICTURE)
    arrivals.put("one/mask_image", b"mask")
    arrivals.put("other/init_image", b"other")
    arrivals.discard("one")
    assert arrivals.get("one/init_image") is arrivals.get("one/mask_image") is None
    assert arrivals.get("other/init_image") == b"other"


@pytest.mark.parametrize("bounds", [Bounds(pictures=1), Bounds(size=len(PICTURE))])
def test_beyond_the_bounds_the_oldest_goes(bounds):
    arrivals = Arrivals(bounds)
    arrivals.put("old/init_image", PICTURE)
    arrivals.put("new/init_image", PICTURE)
    assert arrivals.get("old/init_image") is None
    assert arrivals.get("new/init_image") == PICTURE


def test_what_nobody_took_is_forgotten_in_time():
    now = [0.0]
    arrivals = Arrivals(Bounds(age=10), clock=lambda: now[0])
    arrivals.put("one/init_image", PICTURE)
    now[0] = 11
    assert arrivals.get("one/init_image") is None


@pytest.fixture
async def served():
    arrivals, table, app = Arrivals(), web.RouteTableDef(), web.Application()
    add_routes(table, arrivals)
    app.add_routes(table)
    async with TestClient(TestServer(app)) as client:
        yield client, arrivals


async def test_a_picture_is_taken_if_it_is_what_was_sent(served):
    client, arrivals = served
    headers = {"Content-Digest": digest_of(PICTURE)}
    answer = await client.put("/imgen/inputs/one/init_image", data=PICTURE, headers=headers)
    assert answer.status == 204
    assert arrivals.get("one/init_image") == PICTURE
    assert (await client.delete("/imgen/inputs/one")).status == 204
    assert arrivals.get("one/init_image") is None


async def test_a_picture_that_was_cut_short_is_refused(served):
    client, arrivals = served
    headers = {"Content-Digest": digest_of(PICTURE)}
    answer = await client.put("/imgen/inputs/one/init_image", data=PICTURE[:5], headers=headers)
    assert answer.status == 400
    assert arrivals.get("one/init_image") is None
