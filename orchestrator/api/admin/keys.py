"""API keys as operators see and switch them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orchestrator.errors import NotFound, Rejected


@dataclass(frozen=True)
class Bounds:
    """Of one key, by its tier."""

    rate: int  # requests a minute
    at_once: int  # jobs


class Key(Protocol):
    """What is known of a key, without its secret."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def rulesets(self) -> frozenset[str]: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def admin(self) -> bool: ...
    @property
    def artist(self) -> bool: ...
    @property
    def created(self) -> datetime: ...
    @property
    def requests(self) -> int: ...
    @property
    def last_used(self) -> datetime | None: ...


class KeyRing(Protocol):
    async def list(self) -> Sequence[Key]: ...

    async def enable(self, name: str) -> None:
        """Raises NotFound."""

    async def disable(self, name: str) -> None:
        """Raises NotFound."""


@dataclass(frozen=True)
class KeyRow:
    id: str
    name: str
    tier: str
    may: str  # what it may do besides
    limits: str
    requests: int
    last_used: datetime | None
    enabled: bool
    own: bool  # the key of who is looking

    @property
    def text(self) -> str:
        """What a search looks into."""
        return f"{self.id} {self.name} {self.tier} {self.may}"


def key_rows(keys: Sequence[Key], bounds: Mapping[str, Bounds], *, own: str) -> list[KeyRow]:
    """The last used first. `own` is the id of the key of who is looking."""
    recent = sorted(keys, key=lambda key: key.last_used or key.created, reverse=True)
    return [_row(key, bounds.get(key.tier), own=key.id == own) for key in recent]


def _row(key: Key, bounds: Bounds | None, *, own: bool) -> KeyRow:
    roles = [role for role, has in (("admin", key.admin), ("artist", key.artist)) if has]
    rulesets = [f"ruleset {name}" for name in sorted(key.rulesets - {"default"})]
    return KeyRow(
        id=key.id,
        name=key.name,
        tier=str(key.tier),
        may=", ".join([*roles, *rulesets]),
        limits=f"{bounds.rate} a minute, {bounds.at_once} at once" if bounds else "none",
        requests=key.requests,
        last_used=key.last_used,
        enabled=key.enabled,
        own=own,
    )


async def switch(ring: KeyRing, key_id: str, *, enabled: bool, own: str) -> str:
    """The name of the key that was switched. Raises NotFound, Rejected (it is one's own)."""
    name = next((key.name for key in await ring.list() if key.id == key_id), None)
    if name is None:
        raise NotFound("There is no such key")
    if key_id == own and not enabled:
        raise Rejected("This is your own key: another admin has to disable it")
    await (ring.enable(name) if enabled else ring.disable(name))
    return name
