"""Links work until they expire, and only as they were made."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.errors import NotFound
from orchestrator.storage import Links, content_type
from orchestrator.storage.keys import SEGMENT

LINKS = Links("https://pictures.example/", secret=b"secret")
KEY = "assets/ab/abc_00001.jpg"
EXPIRES = 1_800_000_000

keys = st.from_regex(rf"(assets|blocked)(/{SEGMENT}){{1,4}}", fullmatch=True)


def parts(link: str) -> tuple[str, dict[str, str]]:
    split = urlsplit(link)
    return split.path.removeprefix("/assets/"), dict(parse_qsl(split.query))


def test_a_link_shows_its_parts() -> None:
    link = LINKS.make(KEY, expires=EXPIRES)
    assert link.startswith(f"https://pictures.example/assets/{KEY}?expires={EXPIRES}&signature=")


def test_the_secret_is_not_shown() -> None:
    assert "secret'" not in repr(LINKS)


@given(key=keys, expires=st.integers(1, 2**40))
def test_every_link_that_was_made_is_accepted_until_it_expires(key: str, expires: int) -> None:
    path, query = parts(LINKS.make(key, expires=expires))
    LINKS.verify(path, **query, now=expires - 0.001)
    with pytest.raises(NotFound):
        LINKS.verify(path, **query, now=expires)


@given(key=st.text(), expires=st.text(), signature=st.text())
def test_what_was_not_made_is_refused(key: str, expires: str, signature: str) -> None:
    with pytest.raises(NotFound):
        LINKS.verify(key, expires=expires, signature=signature, now=0)


@given(key=keys, expires=st.integers(1, 2**40), other_key=keys, later=st.integers(1, 10**6))
def test_neither_key_nor_expiry_can_be_changed(
    key: str, expires: int, other_key: str, later: int
) -> None:
    assume(key != other_key)
    _, query = parts(LINKS.make(key, expires=expires))
    with pytest.raises(NotFound):
        LINKS.verify(other_key, **query, now=0)
    with pytest.raises(NotFound):
        LINKS.verify(key, **{**query, "expires": str(expires + later)}, now=0)


@pytest.mark.parametrize("position", [0, 31, 63])
def test_a_changed_digit_of_the_signature_is_refused(position: int) -> None:
    _, query = parts(LINKS.make(KEY, expires=EXPIRES))
    signature = list(query["signature"])
    signature[position] = "0" if signature[position] != "0" else "1"
    with pytest.raises(NotFound):
        LINKS.verify(KEY, expires=query["expires"], signature="".join(signature), now=0)


def test_another_secret_makes_another_signature() -> None:
    _, query = parts(Links(LINKS.public_url, secret=b"other").make(KEY, expires=EXPIRES))
    with pytest.raises(NotFound):
        LINKS.verify(KEY, **query, now=0)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("assets/a.jpg", "image/jpeg"),
        ("assets/a.png", "image/png"),
        ("assets/a_thumb.webp", "image/webp"),
        ("assets/a.avif", "image/avif"),
        ("spool/job/1_00001", "application/octet-stream"),
    ],
)
def test_the_extension_says_the_content_type(key: str, expected: str) -> None:
    assert content_type(key) == expected
