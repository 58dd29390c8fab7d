"""Signs pictures with content credentials (C2PA, ES256)."""

import asyncio
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import c2pa
from PIL import Image

from orchestrator.credentials.chain import Chain
from orchestrator.credentials.manifest import (
    Json,
    parent_ingredient,
    picture_manifest,
    thumbnail_manifest,
)
from orchestrator.credentials.sdk import make_context
from orchestrator.errors import ConfigurationError, SigningFailed
from orchestrator.models import Claims, Format


class C2paSigner:
    """Adapter for `ports.Signer`. Make one in each process that signs, after any fork.

    `load` gives the chain; it is called again when the certificate is about to expire. Raises
    ConfigurationError at once if pictures can't be signed with it.
    """

    def __init__(self, load: Callable[[], Chain]) -> None:
        self._load = load
        self._session = _Session(load())
        _try_out(self._session)

    @property
    def chain(self) -> Chain:
        return self._session.chain

    async def sign(
        self, picture: bytes, form: Format, claims: Claims, *, parent: bytes | None = None
    ) -> bytes:
        try:
            return await asyncio.to_thread(self._sign, picture, form, claims, parent)
        except (c2pa.C2paError, ConfigurationError) as error:
            raise SigningFailed(detail=str(error)[:500]) from None

    def _sign(self, picture: bytes, form: Format, claims: Claims, parent: bytes | None) -> bytes:
        session = self._current_session()
        if parent is None:
            return session.sign(picture, form, picture_manifest(claims))
        ingredient = (parent_ingredient(claims), parent)
        return session.sign(picture, form, thumbnail_manifest(claims), parent=ingredient)

    def _current_session(self) -> "_Session":
        if self._session.chain.due:
            chain = self._load()
            if chain != self._session.chain:
                self._session = _Session(chain)
        return self._session


class _Session:
    """One chain, loaded into the library."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        try:
            self._context = make_context(chain.anchors)
            self._signer = c2pa.Signer.from_info(
                c2pa.C2paSignerInfo(
                    alg=c2pa.C2paSigningAlg.ES256,
                    sign_cert=chain.certificates.encode(),
                    private_key=chain.key.encode(),
                    ta_url=None,
                )
            )
        except c2pa.C2paError as error:
            raise ConfigurationError(f"The signing certificate can't be used: {error}") from None

    def sign(
        self,
        picture: bytes,
        form: Format,
        manifest: Json,
        *,
        parent: tuple[Json, bytes] | None = None,
    ) -> bytes:
        signed = io.BytesIO()
        with c2pa.Builder(json.dumps(manifest), self._context) as builder:
            if parent is not None:
                ingredient, data = parent
                builder.add_ingredient(ingredient, form.content_type, io.BytesIO(data))
            builder.sign(self._signer, form.content_type, io.BytesIO(picture), signed)
        return signed.getvalue()


def _try_out(session: _Session) -> None:
    """Sign a picture of one pixel: what the library refuses of a certificate shows at the start."""
    pixel = io.BytesIO()
    Image.new("RGB", (1, 1)).save(pixel, "PNG")
    claims = Claims(
        job=UUID(int=0),
        gen_id="",
        made=datetime.now(UTC),
        model="none",
        template_digest="",
        fingerprint="",
    )
    try:
        session.sign(pixel.getvalue(), Format.PNG, picture_manifest(claims))
    except c2pa.C2paError as error:
        raise ConfigurationError(f"The signing certificate can't be used: {error}") from None
