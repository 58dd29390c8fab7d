"""The judge of `make chaos` sees what goes wrong."""

from typing import Any

from .verdict import judge


def completed(*names: str) -> dict[str, Any]:
    return {"status": "COMPLETED", "meta": {"images": [{"filename": name} for name in names]}}


ENDED = {"run_1": completed("a.jpg", "a_thumb.jpg")}
STORED = {"assets": ["a.jpg", "a_thumb.jpg"], "spool": []}
NOTHING: dict[str, list[str]] = {"assets": [], "spool": []}
ACCEPTED = {"first": "run_1"}


def with_file(name: str) -> dict[str, list[str]]:
    return {**STORED, "assets": [*STORED["assets"], name]}


def test_a_job_with_its_picture_is_as_promised() -> None:
    assert judge(1, ACCEPTED, ENDED, STORED).kept


def test_a_job_that_failed_is_lost() -> None:
    assert judge(1, ACCEPTED, {"run_1": {"status": "FAILED"}}, NOTHING).lost == ["run_1"]


def test_a_job_that_has_not_ended_is_stuck() -> None:
    assert judge(1, ACCEPTED, {}, NOTHING).stuck == ["run_1"]


def test_a_job_that_was_never_accepted_is_refused() -> None:
    assert judge(2, ACCEPTED, ENDED, STORED).refused == 1


def test_a_picture_that_no_job_names_is_doubled() -> None:
    assert judge(1, ACCEPTED, ENDED, with_file("b.jpg")).doubled == ["b.jpg"]


def test_a_picture_of_two_jobs_is_doubled() -> None:
    both = {**ENDED, "run_2": completed("a.jpg", "b.jpg")}
    verdict = judge(2, {**ACCEPTED, "second": "run_2"}, both, with_file("b.jpg"))
    assert verdict.doubled == ["a.jpg"]


def test_a_picture_that_nobody_has_is_missing() -> None:
    assert judge(1, ACCEPTED, ENDED, {**STORED, "assets": ["a.jpg"]}).missing == ["a_thumb.jpg"]


def test_an_unsigned_picture_must_not_stay() -> None:
    assert judge(1, ACCEPTED, ENDED, {**STORED, "spool": ["1_00001"]}).spooled == ["1_00001"]
