"""The admin page of a running service."""

import re

import pytest
import requests
from service import Service


@pytest.fixture(scope="module")
def browser(service: Service) -> requests.Session:
    """With the session of an admin, after a picture was made."""
    service.generate("a lighthouse", model="demo", width=256)
    session = requests.Session()
    session.headers["Origin"] = service.url
    answer = session.post(f"{service.url}/admin/login", data={"key": service.key}, timeout=30)
    assert answer.url == f"{service.url}/admin"
    return session


def parts(browser: requests.Session, service: Service) -> dict[str, str]:
    """Of the page, as text."""
    state = browser.get(f"{service.url}/admin/state", timeout=30).json()
    return {
        name: " ".join(re.sub("<[^>]*>", " ", html).split())
        for name, html in state["parts"].items()
    }


def test_the_page_shows_what_the_service_does(browser: requests.Session, service: Service) -> None:
    shown = parts(browser, service)
    assert "ready" in shown["instances"]
    assert "sdxl checkpoints/sdxl.safetensors is not in the models folder" in shown["refused"]
    assert "a lighthouse" in shown["jobs"]
    assert "admin internal none" in shown["keys"]
    assert "free" in shown["storage"]


def test_a_picture_is_opened_from_the_page(browser: requests.Session, service: Service) -> None:
    page = browser.get(f"{service.url}/admin", timeout=30).text
    links = re.findall(r'href="(/admin/jobs/[^"]+/picture)"', page)
    picture = browser.get(f"{service.url}{links[0]}", timeout=30)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")


def test_one_sign_in_opens_the_page_of_comfyui_too(
    browser: requests.Session, service: Service
) -> None:
    answer = browser.get(f"{service.url}/comfy/imgen/session", timeout=30)
    assert answer.json()["name"] == "admin"
