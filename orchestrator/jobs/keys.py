"""API keys: made and switched by the operator, looked up and counted for every request."""

import asyncio
import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from orchestrator.errors import (
    InvalidField,
    InvalidKey,
    KeyDisabled,
    NotFound,
    Rejected,
    Unavailable,
)
from orchestrator.jobs import statements
from orchestrator.jobs.database import Database
from orchestrator.jobs.rows import moment
from orchestrator.models import Caller, Value

logger = logging.getLogger(__name__)

SECRET = re.compile(r"imgen_(?P<id>[0-9a-f]{12})_[A-Za-z0-9_-]{43}")  # 43 characters: 256 bits
NAME = re.compile(r"[\w.@ -]{1,64}")
TRUSTED_FOR = 0.5  # seconds that a key is answered from memory
FLUSHED_EVERY = 1.0  # seconds of counts that a crash may lose


class Tier(StrEnum):
    FREE = "free"
    PRO = "pro"
    INTERNAL = "internal"


class Key(Value):
    """What is known of a key. Its secret is not: only the SHA-256 is stored."""

    id: str
    name: str
    tier: Tier
    rulesets: frozenset[str]
    enabled: bool
    admin: bool
    artist: bool
    created: datetime
    requests: int
    last_used: datetime | None
    sha256: str = Field(repr=False, exclude=True)

    @property
    def caller(self) -> Caller:
        return Caller(
            key_id=self.id,
            name=self.name,
            tier=self.tier,
            rulesets=self.rulesets,
            admin=self.admin,
            artist=self.artist,
        )


class ApiKeys:
    """The port Keys, and what the command line does. Other processes may change the same keys:
    a new one works at once, a disabled or deleted one ends within `TRUSTED_FOR`."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, tuple[Key, float]] = {}  # by id, with the time of reading
        self._requests: Counter[str] = Counter()  # by id, since the last flush
        self._flusher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._flusher = asyncio.create_task(self._flush_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._flusher:
            self._flusher.cancel()
            with suppress(asyncio.CancelledError):
                await self._flusher
        await self._flush()

    async def caller(self, secret: str) -> Caller:
        match = SECRET.fullmatch(secret)
        key = await self._find(match["id"]) if match else None
        if key is None or not hmac.compare_digest(key.sha256, _digest(secret)):
            raise InvalidKey
        if not key.enabled:
            raise KeyDisabled
        self._requests[key.id] += 1
        return key.caller

    async def holder(self, key_id: str) -> Caller:
        """Who has the key of this id, without its secret. Raises InvalidKey, KeyDisabled."""
        key = await self._find(key_id)
        if key is None:
            raise InvalidKey
        if not key.enabled:
            raise KeyDisabled
        return key.caller

    async def create(
        self,
        name: str,
        *,
        tier: Tier = Tier.FREE,
        rulesets: frozenset[str] = frozenset({"default"}),
        admin: bool = False,
        artist: bool = False,
        secret: str = "",
    ) -> str:
        """The secret, which nobody can read again; a new one unless it is given (one that
        `new_secret` made). Raises InvalidField, Rejected (name taken)."""
        if not NAME.fullmatch(name):
            raise InvalidField("name", reason="1 to 64 letters, digits, spaces and . @ _ -")
        secret = secret or new_secret()
        row = {
            "id": _id_in(secret),
            "name": name,
            "sha256": _digest(secret),
            "tier": tier,
            "rulesets": json.dumps(sorted(rulesets)),
            "enabled": True,
            "admin": admin,
            "artist": artist,
            "created": self._clock(),
        }
        if not await self._database.write(statements.ADD_KEY, row):
            raise Rejected(f"There is a key of the name {name} already")
        return secret

    async def list(self) -> list[Key]:
        return [_key(row) for row in await self._database.read(statements.KEYS)]

    async def enable(self, name: str) -> None:
        await self._change(statements.SWITCH_KEY, name=name, enabled=True)

    async def disable(self, name: str) -> None:
        await self._change(statements.SWITCH_KEY, name=name, enabled=False)

    async def delete(self, name: str) -> None:
        await self._change(statements.DELETE_KEY, name=name)

    async def _change(self, sql: str, **parameters: Any) -> None:
        if not await self._database.write(sql, parameters):
            raise NotFound(f"There is no key of the name {parameters['name']}")
        self._known.clear()

    async def _find(self, key_id: str) -> Key | None:
        now = self._clock()
        key, read_at = self._known.get(key_id, (None, 0.0))
        if key and abs(now - read_at) < TRUSTED_FOR:
            return key
        rows = await self._database.read(statements.KEY, {"id": key_id})
        if not rows:
            return None
        key = _key(rows[0])
        self._known[key_id] = key, now
        return key

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSHED_EVERY)
            await self._flush()

    async def _flush(self) -> None:
        if not self._requests:
            return
        requests, self._requests = self._requests, Counter()
        now = self._clock()
        uses = [{"id": k, "requests": count, "now": now} for k, count in requests.items()]
        try:
            await self._database.write(statements.COUNT_REQUESTS, *uses)
        except Unavailable as error:
            self._requests.update(requests)
            logger.warning("request counts wait for the database: %s", error)


def new_secret() -> str:
    return f"imgen_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def _id_in(secret: str) -> str:
    return secret.split("_")[1]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: dict[str, Any]) -> Key:
    times = {
        "created": moment(row["created"]),
        "last_used": moment(row["last_used"]) if row["last_used"] else None,
    }
    return Key.model_validate(row | times | {"rulesets": json.loads(row["rulesets"])})
