"""What processes on one PostgreSQL must share, and what may be published to them."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from orchestrator.errors import ConfigurationError
from orchestrator.settings import HOME, Settings, describe
from orchestrator.wiring.fleet import new_faults, require_shared
from orchestrator.wiring.offline import read_offer

CARD = "models/demo.yaml"
MISSING = [
    "IMGEN_SECRETS__LINK_KEY",
    "IMGEN_SECRETS__WATERMARK_KEY",
    "IMGEN_SECRETS__SESSION_KEY",
    "IMGEN_CREDENTIALS__CERTIFICATE",
    "IMGEN_CREDENTIALS__KEY",
    "IMGEN_ASSETS_DIR",
]


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        require_shared(Settings())
    assert [name for name in MISSING if name not in str(refused.value)] == []


def test_a_sound_card_has_no_faults() -> None:
    content = (HOME / "workflows" / CARD).read_text()
    assert new_faults(HOME / "workflows", CARD, content) == []


def test_a_faulty_card_is_told_with_file_and_field() -> None:
    faults = new_faults(HOME / "workflows", CARD, "surprise: 1\n")
    assert any("demo.yaml" in fault and "surprise" in fault for fault in faults)


def test_a_template_that_is_still_used_is_not_deleted() -> None:
    templates = sorted((HOME / "workflows" / "templates").glob("*.json"))
    faults = [new_faults(HOME / "workflows", f"templates/{t.name}", None) for t in templates]
    assert any(faults)


def test_looking_at_the_offer_makes_no_secrets(tmp_path: Path) -> None:
    read_offer(Settings(data_dir=tmp_path))
    assert not (tmp_path / "secrets").exists()
    assert not (tmp_path / "credentials").exists()


def test_no_password_is_shown() -> None:
    settings = Settings(
        comfyui_urls=("http://me:hush@gpu:8188", "http://gpu2:8188"),
        database_url=SecretStr("postgresql://me:hush@db/imgen"),
    )
    shown = {name: value for name, value, _ in describe(settings)}
    assert "hush" not in str(shown)
    assert shown["IMGEN_COMFYUI_URLS"] == "http://me:***@gpu:8188,http://gpu2:8188"
