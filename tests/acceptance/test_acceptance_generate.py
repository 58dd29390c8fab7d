"""A raw prompt becomes a signed picture: through the public API, with a real ComfyUI."""

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from service import IMGEN, Service

PROMPT = "@aya red coat, snowy street, warm lighting, -umbrella"
FORMATS = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}

NEAR = 6  # of 256 bits; lossy formats and the id in the invisible mark move a few

Status = dict[str, Any]


@pytest.fixture(scope="module", params=FORMATS)
def finished(service: Service, request: pytest.FixtureRequest) -> Status:
    return service.generate(
        PROMPT, style="professional", format=request.param, seed=7, cs_author="Ada"
    )


def distance(fingerprint: str, other: str) -> int:
    return (int(fingerprint, 16) ^ int(other, 16)).bit_count()


def download(status: Status, kind: str = "signed") -> bytes:
    url = next(i["url"] for i in status["meta"]["images"] if i["type"] == kind)
    answer = requests.get(url, timeout=10)
    assert answer.headers["Content-Type"] == f"image/{status['meta']['format']}"
    return answer.content


def verified(service: Service, picture: bytes, folder: Path) -> dict[str, Any]:
    """What `imgen verify` says of the bytes, read with the service's own keys."""
    file = folder / "picture"
    file.write_bytes(picture)
    run = subprocess.run(
        [IMGEN, "verify", "--json", file],
        env={"IMGEN_DATA_DIR": str(service.data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def test_a_job_ends_completed_and_safe(finished: Status) -> None:
    assert (finished["status"], finished["meta"]["compliance"]) == ("COMPLETED", "safe")


def test_the_meta_tells_what_was_drawn(finished: Status) -> None:
    meta = finished["meta"]
    assert (meta["character"], meta["seed"], meta["style"]) == ("aya", 7, "professional")
    assert "red coat, snowy street, warm lighting" in meta["positive"]
    assert "umbrella" in meta["negative"]
    assert "umbrella" not in meta["positive"]


def test_the_meta_has_every_documented_field(finished: Status) -> None:
    documented = """id gen_id time prompt positive negative character model style width height
        format quality lossless optimized compliance compliance_codes compliance_ruleset
        precompliance fingerprint images enable_invisimark enable_c2pa compute_pdq wm_position
        wm_scale wm_transparency cs_author cs_title"""
    assert set(documented.split()) <= set(finished["meta"])


def test_file_names_hold_the_gen_id_and_the_fingerprint(finished: Status) -> None:
    meta = finished["meta"]
    extension = FORMATS[meta["format"]]
    stem = f"{meta['gen_id']}_{meta['fingerprint']}_00001"
    names = [image["filename"] for image in meta["images"]]
    assert names == [f"{stem}.{extension}", f"{stem}_thumb.{extension}"]
    assert re.fullmatch("[a-z0-9]{20}", meta["gen_id"])


def test_the_picture_has_the_documented_size(finished: Status) -> None:
    assert Image.open(io.BytesIO(download(finished))).size == (1344, 768)


def test_the_thumbnail_is_small(finished: Status) -> None:
    assert max(Image.open(io.BytesIO(download(finished, "thumbnail"))).size) == 384


@pytest.mark.parametrize("kind", ["signed", "thumbnail"])
def test_the_credentials_are_ours_and_whole(
    service: Service, finished: Status, kind: str, tmp_path: Path
) -> None:
    credentials = verified(service, download(finished, kind), tmp_path)["credentials"]
    assert (credentials["state"], credentials["failures"]) == ("Trusted", [])
    assert credentials["claims"]["author"] == "Ada"
    assert credentials["claims"]["gen_id"] == finished["meta"]["gen_id"]


def test_the_watermark_names_the_picture(
    service: Service, finished: Status, tmp_path: Path
) -> None:
    report = verified(service, download(finished), tmp_path)
    assert report["watermark_id"] == finished["meta"]["watermark_id"]


def test_the_fingerprint_is_that_of_the_delivered_pixels(
    service: Service, finished: Status, tmp_path: Path
) -> None:
    read = verified(service, download(finished), tmp_path)["fingerprint"]
    assert distance(read, finished["meta"]["fingerprint"]) <= NEAR


def test_the_same_seed_makes_the_same_picture(service: Service, finished: Status) -> None:
    again = service.generate(PROMPT, style="professional", format="jpeg", seed=7)
    assert distance(again["meta"]["fingerprint"], finished["meta"]["fingerprint"]) <= NEAR


def test_optimize_keeps_what_was_asked_for(service: Service) -> None:
    prompt = service.call("optimize", prompt=PROMPT)["prompt"]
    assert len(prompt) > len(PROMPT)
    assert all(piece in prompt for piece in PROMPT.split(", "))
