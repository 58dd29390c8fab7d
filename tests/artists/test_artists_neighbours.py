"""Artists neither see nor stop what requests run on the instance that they use."""

from typing import Any

import pytest
from door import Client, origin


@pytest.mark.parametrize("listing", ["queue", "history", "jobs"])
async def test_runs_of_requests_are_not_listed(artist: Client, listing: str) -> None:
    text = await (await artist.get(f"/comfy/{listing}")).text()
    assert "draft" in text
    assert "ours" not in text


async def test_a_run_of_a_request_has_no_history(artist: Client) -> None:
    assert await (await artist.get("/comfy/history/ours")).json() == {}


@pytest.mark.parametrize(("run", "status"), [("ours", 404), ("draft", 200)])
async def test_a_run_of_a_request_is_no_job(artist: Client, run: str, status: int) -> None:
    assert (await artist.get(f"/comfy/jobs/{run}")).status == status


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("interrupt", None),
        ("interrupt", {"prompt_id": "ours"}),
        ("queue", {"clear": True}),
        ("api/queue", {"delete": ["draft", "ours"]}),
        ("history", {"clear": True}),
    ],
)
async def test_runs_of_requests_are_not_stopped(artist: Client, path: str, order: Any) -> None:
    answer = await artist.post(f"/comfy/{path}", json=order, headers=origin(artist))
    assert answer.status == 403


@pytest.mark.parametrize(
    ("path", "order"), [("interrupt", {"prompt_id": "draft"}), ("queue", {"delete": ["draft"]})]
)
async def test_drafts_are_stopped(artist: Client, path: str, order: Any) -> None:
    answer = await artist.post(f"/comfy/{path}", json=order, headers=origin(artist))
    assert answer.status == 200
    assert "draft" in (await answer.json())["body"]
