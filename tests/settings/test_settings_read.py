"""What is said of settings that are wrong."""

from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.settings import Settings, read_settings
from orchestrator.settings.read import OUTSIDE


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # away from imgen.toml


def durations() -> list[str]:
    top = {name.upper(): getattr(Settings(), name) for name in Settings.model_fields}
    nested = {
        f"{group}__{name.upper()}": getattr(value, name)
        for group, value in top.items()
        for name in getattr(type(value), "model_fields", ())
    }
    return [f"IMGEN_{name}" for name, value in (top | nested).items() if _is_duration(value)]


def _is_duration(value: object) -> bool:
    return isinstance(value, timedelta)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("IMGEN_PROT", "IMGEN_PROT: there is no such setting; did you mean IMGEN_PORT?"),
        ("IMGEN_LIMIT__BODY", "IMGEN_LIMIT__BODY: there is no such setting; did you mean"),
        ("imgen_data_dri", "IMGEN_DATA_DRI: there is no such setting; did you mean IMGEN_DATA_DIR"),
        ("IMGEN_QQQ", "IMGEN_QQQ: there is no such setting"),
        ("IMGEN_LIMITS__BODDY", "IMGEN_LIMITS__BODDY: Extra inputs are not permitted"),
    ],
)
def test_a_misspelt_name_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(ConfigurationError) as wrong:
        read_settings()
    assert str(wrong.value).startswith(said)


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_others_read_are_left_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    read_settings()


@pytest.mark.parametrize("name", durations())
@pytest.mark.parametrize("value", ["-1", "-0:00:01", "nan", "soon"])
def test_a_duration_is_not_negative(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        read_settings()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"BASE_URL": "ftp://x", "MODEL": "m"}, "IMGEN_LLM__BASE_URL: must begin with http://"),
        ({"BASE_URL": "http://x/v1"}, "IMGEN_LLM: .*BASE_URL needs MODEL"),
        ({"TIME_LIMIT": "21"}, "IMGEN_LLM__TIME_LIMIT: .*less than or equal to 20 seconds"),
        ({"TIME_LIMIT": "0"}, "IMGEN_LLM__TIME_LIMIT: .*greater than 0"),
    ],
)
def test_a_language_model_is_named_in_full(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], said: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(f"IMGEN_LLM__{name}", value)
    with pytest.raises(ConfigurationError, match=said):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("COMFYUI_URLS", "http://gpu:8188, ftp://gpu", "must begin with http:// or https://"),
        ("COMFYUI_URLS", "http://gpu:99999", "is no URL"),
        ("COMFYUI_ARTISTS_URL", "gpu:8188", "must begin with http:// or https://"),
        ("PUBLIC_URL", "pictures.example", "must begin with http:// or https://"),
        ("DATABASE_URL", "mysql://me:hush@db/imgen", "must begin with postgresql://"),
        ("CREDENTIALS__KEY", "/key.pem", "CERTIFICATE and KEY go together"),
    ],
)
def test_what_could_not_be_served_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"IMGEN_{name}", value)
    with pytest.raises(ConfigurationError) as wrong:
        read_settings()
    assert str(wrong.value).startswith(f"IMGEN_{name.partition('__')[0]}")
    assert said in str(wrong.value)
    assert "hush" not in str(wrong.value)


@pytest.mark.parametrize("url", ["postgresql://me@db/imgen", "postgres://db/imgen?sslmode=require"])
def test_a_postgresql_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("IMGEN_DATABASE_URL", url)
    assert read_settings().database_url is not None
