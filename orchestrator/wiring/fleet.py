"""What makes several processes on one PostgreSQL one service."""

import asyncio
import logging
import secrets
import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.catalog import Weights
from orchestrator.comfy import Pool
from orchestrator.errors import ConfigurationError, ImgenError
from orchestrator.jobs.database import Database
from orchestrator.jobs.published import PublishedFiles
from orchestrator.jobs.reports import BEAT, Report, Reporter
from orchestrator.models import WeightFacts
from orchestrator.settings import Settings
from orchestrator.wiring.offline import check_workflows

log = logging.getLogger(__name__)


def require_shared(settings: Settings) -> None:
    """What all processes on one PostgreSQL must have in common. Raises ConfigurationError, which
    names everything that is missing."""
    if missing := missing_shared(settings):
        raise ConfigurationError(
            "Processes that share a PostgreSQL have to share these settings too:\n"
            + "\n".join(f"  {name}: {why}" for name, why in missing.items())
            + "\n`imgen secrets` prints new ones"
        )


def missing_shared(settings: Settings) -> dict[str, str]:
    """Settings, and what each is for."""
    missing = {}
    if not settings.secrets.watermark_key:
        missing["IMGEN_SECRETS__WATERMARK_KEY"] = "any process has to know our watermarks"
    if not settings.secrets.session_key:
        missing["IMGEN_SECRETS__SESSION_KEY"] = "who signs in at one door is known at the others"
    if not settings.credentials.certificate:
        missing["IMGEN_CREDENTIALS__CERTIFICATE"] = "the file of who signs the pictures"
    if not settings.credentials.key:
        missing["IMGEN_CREDENTIALS__KEY"] = "the file of the certificate's private key"
    if not (settings.s3.bucket or settings.secrets.link_key):
        missing["IMGEN_SECRETS__LINK_KEY"] = "any process has to serve the links of another"
    if not (settings.s3.bucket or settings.assets_dir):
        missing["IMGEN_ASSETS_DIR"] = "a folder that all hosts share; or set IMGEN_S3__BUCKET"
    return missing


def worker_name() -> str:
    """Of one process, among all of the fleet."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


def make_published(settings: Settings, database: Database) -> PublishedFiles:
    folder = settings.workflows_dir

    def check(path: str, content: str | None) -> Sequence[str]:
        return new_faults(folder, path, content)

    return PublishedFiles(database, folder, check=check)


def new_faults(folder: Path, path: str, content: str | None) -> list[str]:
    """What `imgen check` would say only after the change. Blocks."""
    with tempfile.TemporaryDirectory(prefix="imgen-check-") as name:
        copy = Path(name) / folder.name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
        before = set(check_workflows(copy))
        file = copy / path
        if content is None:
            file.unlink(missing_ok=True)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8", newline="")
        after = check_workflows(copy)
    return [fault for fault in after if fault not in before]


class Heart:
    """Reports what this worker's instances are and have, until it is cancelled."""

    def __init__(self, reporter: Reporter, pool: Pool, weights: Weights) -> None:
        self._reporter = reporter
        self._pool = pool
        self._weights = weights
        self._asked: list[tuple[str, str]] = []  # instances whose nodes are known
        self._nodes: Mapping[str, Any] | None = None

    async def beat(self) -> None:
        try:
            while True:
                await self._try(self._report())
                await self._try(self._reporter.sweep())
                await asyncio.sleep(BEAT.total_seconds())
        finally:
            await self._try(self._reporter.leave())

    async def compare(self) -> None:
        """See `edge_ports.WeightSource`; until cancelled."""
        seen: Mapping[str, WeightFacts] = {}
        while True:
            if (found := await asyncio.to_thread(self._weights.look)) is not seen:
                seen = found
                await self._weights.compare()
            await asyncio.sleep(BEAT.total_seconds())

    async def _report(self) -> None:
        weights = await asyncio.to_thread(self._weights.look)
        unread = any(facts.pending for facts in weights.values())
        await self._learn_nodes()
        instances = self._pool.status() if self._nodes is not None else ()
        await self._reporter.report(Report(instances, self._nodes, None if unread else weights))

    async def _learn_nodes(self) -> None:
        """Again whenever an instance has come or gone."""
        usable = [(status.name, status.url) for status in self._pool.status() if status.usable]
        if usable and usable != self._asked:
            self._nodes = await self._pool.object_info()
            self._asked = usable

    async def _try(self, step: Any) -> None:
        try:
            await step
        except ImgenError as error:
            log.warning("this worker could not report: %s", error)
