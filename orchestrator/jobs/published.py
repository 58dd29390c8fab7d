"""Published files: the database keeps every version, the workflows folder has the newest."""

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from orchestrator import durable_files
from orchestrator.errors import (
    ConfigurationError,
    ImgenError,
    InvalidField,
    NotFound,
    PreconditionFailed,
    Rejected,
)
from orchestrator.jobs import fleet_statements as statements
from orchestrator.jobs.database import Database, Row
from orchestrator.jobs.news import told
from orchestrator.jobs.rows import moment
from orchestrator.models import Version

log = logging.getLogger(__name__)

PUBLISHED = "published"  # told when there is a new version
LOOK = timedelta(seconds=5)  # between two looks, should news be missed
LONGEST = 2**20  # characters of a file
PATH = re.compile(
    r"(models|families|styles|characters|rulesets|templates|prompts)"
    r"(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,4}\.(yaml|json|j2|txt)"
)

Check = Callable[[str, str | None], Sequence[str]]  # path and content to faults; blocks


class PublishedFiles:
    """The port Published. Where processes share the database, its newest version of a file takes
    the place of whatever lies in a workflows folder; other files there are left alone."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        check: Check,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`check` says what a change of `folder` would break."""
        self._database = database
        self._folder = folder
        self._check = check
        self._clock = clock
        self._changing = asyncio.Lock()  # the folder follows the order of the record

    async def publish(
        self, path: str, content: str | None, *, author: str, replaces: str | None = None
    ) -> Version:
        """See `edge_ports.Published`."""
        _check_path(path)
        if content is not None and len(content) > LONGEST:
            raise InvalidField("content", reason=f"longer than {LONGEST} characters")
        if faults := await asyncio.to_thread(self._check, path, content):
            raise Rejected("; ".join(faults))
        async with self._changing:
            if self._database.shared:
                await self._take_over()
            await self._keep_former(path)
            version = await self._record(path, content, author, replaces=replaces)
            await asyncio.to_thread(self._write, path, content)
        return version

    async def current(self, path: str) -> str | None:
        """What the folder has there now; None: nothing. Raises InvalidField."""
        _check_path(path)
        return await asyncio.to_thread(_read, self._folder / path)

    async def history(self, path: str) -> Sequence[Version]:
        """See `edge_ports.Published`."""
        rows = await self._database.read(statements.HISTORY, {"path": path})
        return [_version(row) for row in rows]

    async def content(self, path: str, number: int) -> str | None:
        """See `edge_ports.Published`."""
        wanted = {"path": path, "number": number}
        rows = await self._database.read(statements.PUBLISHED_CONTENT, wanted)
        if not rows:
            raise NotFound(f"There is no version {number} of {path}")
        content: str | None = rows[0]["content"]
        return content

    async def sync(self) -> None:
        """Bring the folder up to date. Raises ConfigurationError if it can't be written."""
        async with self._changing:
            await self._take_over()

    async def follow(self) -> None:
        """Keep the folder up to date until cancelled."""
        while True:
            news = self._database.news.about(PUBLISHED)  # before the look: no change falls between
            try:
                await self.sync()
            except ImgenError as error:
                log.warning("published files could not be taken over: %s", error)
            await told(news, within=LOOK)

    async def _take_over(self) -> None:
        rows = await self._database.read(statements.NEWEST_PUBLISHED)
        await asyncio.to_thread(self._write_all, rows)

    async def _keep_former(self, path: str) -> None:
        """What somebody has put into the folder by hand, so that the history has it."""
        found = await asyncio.to_thread(_read, self._folder / path)
        newest = next(iter(await self.history(path)), None)
        if found is not None and (newest is None or newest.digest != _digest(found)):
            await self._record(path, found, author="")

    async def _record(
        self, path: str, content: str | None, author: str, *, replaces: str | None = None
    ) -> Version:
        row = {
            "path": path,
            "content": content,
            "digest": _digest(content),
            "author": author,
            "now": self._clock(),
            "replaces": replaces,
        }
        written = await self._database.write(
            statements.PUBLISH, row, alone=PUBLISHED, news=[PUBLISHED]
        )
        if not written:
            raise PreconditionFailed(_refusal(replaces))
        return _version(written[0])

    def _write_all(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if PATH.fullmatch(row["path"]):
                self._write(row["path"], row["content"])

    def _write(self, path: str, content: str | None) -> None:
        file = self._folder / path
        if _read(file) == content:
            return
        log.info("%s is as published now", path)
        try:
            _put(file, content)
        except OSError as error:
            raise ConfigurationError(
                f"IMGEN_WORKFLOWS_DIR: {file} can't be written: {error.strerror}"
            ) from error


def _put(file: Path, content: str | None) -> None:
    if content is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    durable_files.replace(file, content)


def _check_path(path: str) -> None:
    if not PATH.fullmatch(path) or ".." in path:
        raise InvalidField("path", reason=f"{path!r} is no file of a workflows folder")


def _read(file: Path) -> str | None:
    with suppress(FileNotFoundError, UnicodeDecodeError):
        return file.read_bytes().decode()
    return None


def _digest(content: str | None) -> str:
    return "" if content is None else hashlib.sha256(content.encode()).hexdigest()


def _refusal(replaces: str | None) -> str:
    if replaces:
        return "Somebody has published another version since this one was opened"
    return "There is one of this name already"


def _version(row: Row) -> Version:
    return Version(
        path=row["path"],
        number=row["number"],
        digest=row["digest"],
        author=row["author"],
        published=moment(row["published"]),
    )
