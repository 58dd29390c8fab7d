"""Seventeen kinds of bad input and more: the documented answer, always JSON, service alive."""

import base64
import io
import struct
import zlib
from typing import Any

import pytest
import requests
from PIL import Image
from service import Service


def data_uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def bomb() -> bytes:
    """A PNG of 30,000 × 30,000 black pixels in some hundred bytes of header and one of data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 3751 * 30_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def dot() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


def generate(**fields: Any) -> dict[str, Any]:
    return {"action": "generate", "prompt": "red coat", **fields}


def status(job_id: Any) -> dict[str, Any]:
    return {"action": "status", "id": job_id}


REFUSED = {
    "a list": ([], 400, "Invalid JSON"),
    "a string": ("generate", 400, "Invalid JSON"),
    "no action": ({}, 400, "Missing action"),
    "unknown action": ({"action": "explode"}, 400, "Unknown action"),
    "action of a wrong type": ({"action": {"a": 1}}, 400, "Unknown action"),
    "no prompt": ({"action": "generate"}, 400, "Prompt is required"),
    "blank prompt": (generate(prompt="  \n"), 400, "Prompt is required"),
    "only negatives": (generate(prompt="-umbrella, -hat"), 400, "Prompt is required"),
    "prompt of a wrong type": (generate(prompt=["red"]), 400, "Invalid field: prompt"),
    "a prompt too long": (generate(prompt="a" * 4001), 400, "Invalid field: prompt"),
    "half a surrogate": (generate(prompt="\ud800"), 400, "Invalid field: prompt"),
    "NUL": (generate(prompt="red\0coat"), 400, "Invalid field: prompt"),
    "unknown character": (generate(prompt="@nobody_here"), 400, "Invalid character"),
    "wrong type of number": (generate(wm_scale="x"), 400, "Invalid field: wm_scale"),
    "wrong type of flag": (generate(optimize="yes"), 400, "Invalid field: optimize"),
    "wrong type of text": (generate(cs_author=7), 400, "Invalid field: cs_author"),
    "webhook of a wrong type": (
        generate(webhook_url=7),
        400,
        "Invalid field: webhook_url: it has to be a text of at most 2000 characters",
    ),
    "webhook that is no URL": (
        generate(webhook_url="hook"),
        400,
        "Invalid field: webhook_url: it does not begin with http:// or https:// and a host",
    ),
    "webhook that is too long": (
        generate(webhook_url=f"https://example.com/{'a' * 2000}"),
        400,
        "Invalid field: webhook_url: it has to be a text of at most 2000 characters",
    ),
    "webhook to a private address": (
        generate(webhook_url="http://169.254.169.254/"),
        400,
        "Invalid field: webhook_url: its address is not public",
    ),
    "webhook to this machine": (
        generate(webhook_url="http://2130706433/"),
        400,
        "Invalid field: webhook_url: its host is neither a name nor a whole IP address",
    ),
    "no picture as mark": (
        generate(wm_image=data_uri(b"not an image")),
        400,
        "Invalid watermark image",
    ),
    "a decompression bomb as mark": (
        generate(wm_image=data_uri(bomb())),
        400,
        "Invalid watermark image",
    ),
    "a link as mark": (
        generate(wm_image="http://127.0.0.1/mark.png"),
        400,
        "Invalid watermark image",
    ),
    "a link as the picture to begin from": (
        generate(init_image="http://127.0.0.1/photo.png"),
        400,
        "Invalid field: init_image: no data URI of a picture",
    ),
    "a decompression bomb as the picture to begin from": (
        generate(init_image=data_uri(bomb())),
        400,
        "Invalid field: init_image: more than 64000000 pixels",
    ),
    "a picture for a model that draws from words alone": (
        generate(model="demo", init_image=data_uri(dot())),
        400,
        "Invalid field: init_image: demo does not draw from it",
    ),
    "a mask of nothing": (
        generate(mask_image=data_uri(dot())),
        400,
        "Invalid field: mask_image: there is no init_image",
    ),
    "a strength that is no number": (generate(strength="all"), 400, "Invalid field: strength"),
    "id with a path": (status("../../etc/passwd"), 400, "Bad ID"),
    "id of a wrong type": (status(7), 400, "Bad ID"),
    "no id": ({"action": "status"}, 400, "Bad ID"),
    "unknown job": (status("run_" + "0" * 32), 404, "Job not found"),
    "well-formed id of another kind": (status("run_abc123"), 404, "Job not found"),
    "expired cache id": (status("cache_abc123"), 404, "Cached result not found or expired"),
    "a miss where only a hit will do": (
        generate(use_cache=True, cache_only=True),
        404,
        "No cached result found",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_fields_get_the_documented_answer(service: Service, name: str) -> None:
    body, code, message = REFUSED[name]
    answer = service.post(body)
    assert (answer.status_code, answer.json()["error"]) == (code, message)


RAW = {
    "not JSON": (b"{action: generate}", 400, "Invalid JSON"),
    "nothing": (b"", 400, "Invalid JSON"),
    "a hundred thousand brackets": (b"[" * 100_000, 400, "Invalid JSON"),
    "no number": (b'{"action": "generate", "prompt": "a", "seed": NaN}', 400, "Invalid JSON"),
    "bytes that are no text": (b'{"action": "\xff"}', 400, "Invalid JSON"),
    "60 MB": (
        b'{"action":"generate","prompt":"' + b"a" * 60_000_000 + b'"}',
        413,
        "Body too large",
    ),
}


@pytest.mark.parametrize("name", RAW)
def test_bad_bodies_get_the_documented_answer(service: Service, name: str) -> None:
    data, code, message = RAW[name]
    headers = {"Authorization": f"Bearer {service.key}", "Content-Type": "application/json"}
    answer = requests.post(f"{service.url}/api/v2", data=data, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (code, message)


def test_a_body_that_lies_about_its_encoding_is_invalid(service: Service) -> None:
    headers = {
        "Authorization": f"Bearer {service.key}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    answer = requests.post(f"{service.url}/api/v2", data=b"{}", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JSON"})


def test_nobody_writes_lines_into_the_log(service: Service) -> None:
    requests.get(f"{service.url}/x%0aforged%20line", timeout=10)
    assert "\nforged line" not in service.log()


KEYS = {
    "no key": ({}, "Unauthorized"),
    "no bearer": ({"Authorization": "Basic abc"}, "Unauthorized"),
    "a wrong key": ({"Authorization": "Bearer imgen_0123"}, "Invalid API key"),
}


@pytest.mark.parametrize("name", KEYS)
def test_bad_keys_get_the_documented_answer(service: Service, name: str) -> None:
    headers, message = KEYS[name]
    answer = service.post({"action": "models"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, message)


def test_wrong_keys_from_an_address_do_not_lock_out_a_right_one(service: Service) -> None:
    wrong = {"Authorization": "Bearer imgen_wrong"}
    answers = [service.post({"action": "models"}, headers=wrong) for _ in range(70)]
    assert answers[-1].status_code == 429
    assert service.call("models")["models"]


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", "/api/v2", 405, "Method not allowed"),
        ("POST", "/nowhere", 404, "Not found"),
        ("GET", "/assets/../data/admin.key", 404, "Not found"),
        ("GET", "/assets/spool/x?expires=9999999999&signature=00", 404, "Not found"),
    ],
)
def test_wrong_paths_are_answered_in_json(
    service: Service, method: str, path: str, code: int, message: str
) -> None:
    answer = requests.request(method, service.url + path, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (code, message)


def test_a_form_is_no_json(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.key}"}
    answer = requests.post(f"{service.url}/api/v2", data={"a": "b"}, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (415, "Unsupported media type")


FALLBACKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dimensions": ({"width": 1000, "height": 1}, {"width": 1344, "height": 768}),
    "dimensions of a wrong type": ({"width": "x"}, {"width": 1344, "height": 768}),
    "format": ({"format": "bmp"}, {"format": "jpeg"}),
    "quality": ({"quality": 500}, {"quality": 100}),
    "wm_scale": ({"wm_scale": 0}, {"wm_scale": 1}),
    "ruleset": ({"compliance_ruleset": "lax"}, {"compliance_ruleset": "default"}),
    "precompliance": ({"precompliance": "x" * 3000}, {"precompliance": "x" * 2000}),
}


def test_silent_fallbacks_are_silent(service: Service) -> None:
    jobs = {
        name: service.call("generate", prompt="red coat", **asked)
        for name, (asked, _) in FALLBACKS.items()
    }
    for name, (_, expected) in FALLBACKS.items():
        meta = service.wait(jobs[name]["id"])["meta"]
        assert {key: meta[key] for key in expected} == expected, name


HOSTILE = 'red "coat"\n{{ 7*7 }} {% for x in y %} \\ $(id) <script> 雪 ñ'


def test_a_prompt_is_data_everywhere(service: Service) -> None:
    meta = service.generate(HOSTILE)["meta"]
    assert "{{ 7*7 }} {% for x in y %}" in meta["positive"]
    assert meta["prompt"] == HOSTILE


def test_a_mark_is_named_but_not_echoed(service: Service) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (40, 20), (255, 0, 0, 128)).save(file, "PNG")
    meta = service.generate("red coat", wm_image=data_uri(file.getvalue()))["meta"]
    assert len(meta["wm_image"]) == 64


def test_the_service_is_alive_after_all_that(service: Service) -> None:
    assert requests.get(f"{service.url}/ready", timeout=10).json()["ready"]
