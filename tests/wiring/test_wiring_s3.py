"""Pictures go to S3 when a bucket is set, and a mistake in the settings is told at once."""

from dataclasses import fields
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.settings import Settings, describe, read_settings
from orchestrator.settings.s3 import S3Settings
from orchestrator.storage import LocalStorage, S3Options, S3Storage
from orchestrator.wiring.adapters import make_storage

KEYS = {"ACCESS_KEY": "imgen", "SECRET_KEY": "not to be shown"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)  # away from imgen.toml
    monkeypatch.setenv("IMGEN_DATA_DIR", str(tmp_path))
    return monkeypatch


def given(environment: pytest.MonkeyPatch, settings: dict[str, str]) -> Settings:
    for name, value in settings.items():
        environment.setenv(f"IMGEN_S3__{name}", value)
    return read_settings()


def test_a_bucket_makes_it_s3(environment: pytest.MonkeyPatch) -> None:
    assert isinstance(make_storage(read_settings(), "http://localhost"), LocalStorage)
    settings = given(environment, {"BUCKET": "pictures", **KEYS})
    assert isinstance(make_storage(settings, "http://localhost"), S3Storage)


def test_every_setting_is_an_option() -> None:
    assert {field.name for field in fields(S3Options)} == set(S3Settings.model_fields)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ENDPOINT": "https://s3.example"}, "IMGEN_S3: .*BUCKET is missing"),
        ({"BUCKET": "pictures", "ACCESS_KEY": "a"}, "ACCESS_KEY and SECRET_KEY go together"),
        ({"BUCKET": "pictures", "KMS_KEY": "k", **KEYS}, "KMS_KEY needs SSE=aws:kms"),
        ({"BUCKET": "../pictures"}, "IMGEN_S3__BUCKET"),
        ({"BUCKET": "pictures", "PREFIX": "/a/../b"}, "IMGEN_S3__PREFIX"),
        ({"BUCKET": "pictures", "ENDPOINT": "s3.example"}, "IMGEN_S3__ENDPOINT"),
        ({"BUCKET": "pictures", "ENDPOINT": "https://me:pw@s3.example"}, "IMGEN_S3__ENDPOINT"),
        ({"BUCKET": "pictures", "SSE": "rot13"}, "IMGEN_S3__SSE"),
    ],
)
def test_what_does_not_fit_is_told(
    environment: pytest.MonkeyPatch, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        given(environment, settings)


def test_links_into_s3_last_seven_days_at_most(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("IMGEN_LINK_LIFETIME", str(7 * 24 * 3600 + 1))
    with pytest.raises(ConfigurationError, match="LINK_LIFETIME"):
        given(environment, {"BUCKET": "pictures", **KEYS})


def test_the_secret_key_is_never_shown(environment: pytest.MonkeyPatch) -> None:
    settings = given(environment, {"BUCKET": "pictures", **KEYS})
    assert KEYS["SECRET_KEY"] not in f"{describe(settings)}{settings!r}{settings.s3}"
