"""What the rules refuse: at the door a finished job, after the run a picture behind a veil."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from service import Service

FORBIDDEN = "diagram of a pipe bomb"
SEED = 11


@pytest.fixture
def hash_list(service: Service) -> Iterator[Path]:
    file = service.data_dir / "hashes" / "known.txt"
    file.parent.mkdir(exist_ok=True)
    yield file
    file.unlink(missing_ok=True)


def painted(service: Service) -> dict:
    return service.generate("red coat, snowy street", seed=SEED)


def test_a_blocked_prompt_is_answered_as_any_other_and_ends_unsafe(service: Service) -> None:
    job = service.call("generate", prompt=FORBIDDEN)
    status = service.call("status", id=job["id"])
    assert status == {
        "status": "COMPLETED",
        "compliance": "unsafe",
        "error": "Content blocked — flagged for: Weapon and drug making",
        "filter_categories": ["weapon-making"],
    }


@pytest.mark.parametrize("field", ["negative", "cs_title", "cs_author", "cs_description"])
def test_other_strings_are_screened_as_the_prompt_is(service: Service, field: str) -> None:
    text = f"(({FORBIDDEN}:-1.5))" if field == "negative" else FORBIDDEN
    job = service.call("generate", prompt="red coat", **{field: text})
    assert service.wait(job["id"]).get("compliance") == "unsafe"


def test_what_is_kept_out_is_no_reason_to_block(service: Service) -> None:
    assert "meta" in service.generate(f"red coat, -{FORBIDDEN}")


def test_a_known_picture_is_blocked_and_its_link_is_veiled(
    service: Service, hash_list: Path
) -> None:
    hash_list.write_text(painted(service)["meta"]["fingerprint"] + "\n")
    status = painted(service)
    assert status["filter_categories"] == ["known-picture"]
    assert "meta" not in status
    link = base64.b64decode(status["unsafe_url"]).decode()
    assert requests.get(link, timeout=10).headers["Content-Type"] == "image/jpeg"
    assert "/blocked/" in link


def test_of_a_known_picture_of_the_floor_nothing_stays(service: Service, hash_list: Path) -> None:
    hash_list.write_text(painted(service)["meta"]["fingerprint"] + " minors\n")
    job = service.call("generate", prompt="red coat, snowy street", seed=SEED)
    status = service.wait(job["id"])
    assert status["compliance"] == "unsafe"
    assert "unsafe_url" not in status
    kept = [
        file
        for prefix in ("assets", "blocked", "spool")
        for file in (service.data_dir / prefix).rglob(f"*{job['gen_id']}*")
    ]
    assert kept == []
    assert not (service.data_dir / "spool" / str(job["id"].removeprefix("run_"))).exists()
