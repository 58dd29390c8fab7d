"""Reads the content credentials of any picture, without believing a word of them."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import c2pa

from orchestrator.credentials.chain import Chain, read_certificates, to_pem
from orchestrator.credentials.manifest import CREDIT_FIELDS, GENERATION, METADATA
from orchestrator.credentials.sdk import make_context
from orchestrator.models import Credentials

# Besides the status codes of C2PA:
UNREADABLE = "unreadable"
REMOTE = "kept elsewhere and not fetched"
ACTIONS = "c2pa.actions.v2"


class CredentialReader:
    """Trusts the anchors of our chain and, besides, those in the operator's file.

    Make it after any fork. Raises ConfigurationError if the file holds no certificates.
    """

    def __init__(self, chain: Chain, *, anchors: Path | None = None) -> None:
        further = to_pem(read_certificates(anchors)) if anchors else ""
        self._organization = chain.organization
        self._context = make_context(chain.anchors + further)

    def read(self, picture: bytes) -> Credentials:
        """What is not a picture has no credentials. Nothing is fetched from the network."""
        try:
            reader = c2pa.Reader.try_create(None, io.BytesIO(picture), context=self._context)
            if reader is None:
                return Credentials(present=False)
            with reader:
                return self._credentials(json.loads(reader.json()))
        except c2pa.C2paError.NotSupported:
            return Credentials(present=False)
        except c2pa.C2paError as error:
            return _unreadable(picture, reason=_reason(error))

    def _credentials(self, store: Mapping[str, Any]) -> Credentials:
        manifest = store.get("manifests", {}).get(store.get("active_manifest"), {})
        state = store.get("validation_state", "Invalid")
        signer = _text(_mapping(manifest.get("signature_info")).get("issuer"))
        return Credentials(
            present=True,
            state=state,
            failures=_failures(store.get("validation_results", {})),
            signer=signer,
            ours=state == "Trusted" and signer == self._organization,
            title=_text(manifest.get("title")),
            claims=_claims(manifest),
        )


def _reason(error: c2pa.C2paError) -> str:
    return REMOTE if str(error).startswith("Remote") else UNREADABLE


def _unreadable(picture: bytes, *, reason: str) -> Credentials:
    """The label of a manifest store stands in the file in clear, however damaged the rest is."""
    if reason == UNREADABLE and b"c2pa" not in picture:
        return Credentials(present=False)
    return Credentials(present=True, state="Invalid", failures=(reason,))


def _failures(results: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the manifest itself, then of its ingredients."""
    deltas = [
        _mapping(delta.get("validationDeltas")) for delta in results.get("ingredientDeltas", [])
    ]
    layers = [_mapping(results.get("activeManifest")), *deltas]
    codes = [_text(failure.get("code")) for layer in layers for failure in layer.get("failure", [])]
    return tuple(dict.fromkeys(codes))


def _claims(manifest: Mapping[str, Any]) -> dict[str, str]:
    assertions = {a["label"]: _mapping(a.get("data")) for a in manifest.get("assertions", [])}
    generation = assertions.get(GENERATION, {})
    metadata = assertions.get(METADATA, {})
    claims = {
        "generator": _generator(_first(manifest.get("claim_generator_info"))),
        **_first_action(assertions.get(ACTIONS, {})),
        **{name: _text(generation.get(name)) for name in ("job", "gen_id", "template", "pdq")},
        "watermark_id": _text(_mapping(generation.get("watermark")).get("id")),
        **{name: _text(metadata.get(label)) for name, label in CREDIT_FIELDS.items()},
    }
    return {name: text for name, text in claims.items() if text}


def _first_action(actions: Mapping[str, Any]) -> dict[str, str]:
    """How the picture came to be: made or opened, from what source, when and by what."""
    first = _first(actions.get("actions"))
    return {
        "action": _text(first.get("action")),
        "source": _text(first.get("digitalSourceType")).rpartition("/")[2],
        "made": _text(first.get("when")),
        "model": _text(_mapping(first.get("softwareAgent")).get("name")),
    }


def _generator(info: Mapping[str, Any]) -> str:
    return f"{_text(info.get('name'))} {_text(info.get('version'))}".strip()


def _first(items: Any) -> Mapping[str, Any]:
    return _mapping(items[0]) if isinstance(items, Sequence) and items else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
