"""Templates against the nodes of the ComfyUI that runs."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from orchestrator.comfy import Client, Endpoint, Limits
from orchestrator.errors import ImgenError
from orchestrator.models import InstanceStatus, Template
from orchestrator.settings import Settings
from orchestrator.workflows import (
    OFFICIAL_VERSION,
    UNTOLD,
    Fault,
    Schemas,
    official_schemas,
    oldest,
    packaged_schemas,
    parse_schemas,
)
from orchestrator.workflows import audit as audit_template

log = logging.getLogger(__name__)

SCHEMA_LOOK = 1.0  # seconds between two looks whether another ComfyUI is there


class NodeSource(Protocol):
    def status(self) -> Sequence[InstanceStatus]: ...

    async def object_info(self) -> Mapping[str, Any]:
        """Node schemas, as ComfyUI declares them. Raises InstanceUnusable, Unavailable."""


class LiveAudit:
    """Holds templates against what the running ComfyUI declares; before it runs, against what is
    expected of it: of the packaged one, unless told otherwise."""

    def __init__(self, expected: Schemas | None = None, *, release: str = UNTOLD) -> None:
        self._schemas: Schemas = packaged_schemas() if expected is None else expected
        self._release = release
        self._faults: dict[str, str] = {}  # by digest of the template

    def fault(self, template: Template) -> str:
        if template.digest not in self._faults:
            faults = "; ".join(map(str, self.faults(template)))
            self._faults[template.digest] = faults
            if faults:
                log.warning("its models are not served: %s", faults)
        return self._faults[template.digest]

    def faults(self, template: Template) -> Sequence[Fault]:
        """Blocks."""
        return audit_template(template, self._schemas, self._release)

    async def follow(self, pool: NodeSource) -> None:
        """Ask again whenever an instance has come or gone."""
        seen = None
        while True:
            there = [status for status in pool.status() if status.usable]
            usable = [(status.name, status.url, status.version) for status in there]
            release = oldest(status.version for status in there)
            if usable != seen and (not usable or await self._ask(pool, release)):
                seen = usable
            await asyncio.sleep(SCHEMA_LOOK)

    async def _ask(self, pool: NodeSource, release: str) -> bool:
        """Whether there was an answer."""
        try:
            self._schemas = parse_schemas(await pool.object_info())
        except ImgenError as error:
            log.warning("node schemas could not be read: %s", error)
            return False
        self._release = release
        self._faults.clear()
        return True


def make_audit(settings: Settings) -> LiveAudit:
    """Of a ComfyUI that the operator has chosen, an official release's nodes are expected."""
    chosen = settings.comfyui_path or settings.comfyui_urls or settings.database_url
    return LiveAudit(official_schemas(), release=OFFICIAL_VERSION) if chosen else LiveAudit()


async def declared_schemas(url: str) -> tuple[Schemas, str]:
    """What a ComfyUI that runs says of its nodes, and its release. Raises ConfigurationError,
    InstanceUnusable."""
    async with Client(Endpoint(url), timeout=Limits().answer) as client:
        machine = await client.machine()
        return parse_schemas(await client.object_info()), machine.version
