"""A SQLite file: durable writes on one thread of its own, reads on another."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

from sqlite_utils import Database

from orchestrator.errors import ConfigurationError, StorageFull, Unavailable
from orchestrator.jobs.database import Parameters, Row, Step, version_fault
from orchestrator.jobs.news import News
from orchestrator.jobs.schema import MIGRATIONS, written_for

Result = TypeVar("Result")

WAL_PAUSE = 0.01  # seconds between two tries

# Circumstances that may pass. Any other error of SQLite is a mistake of ours and stays visible.
PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
}


class SqliteDatabase:
    """Implements `Database`. Writers wait for each other by themselves, so that each is alone;
    news stay in this process."""

    shared = False
    skip_locked = ""

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        """`busy_timeout` is how many seconds to wait for another process that is writing."""
        self.news = News()
        self._path = path
        self._writer = _Connection(path, busy_timeout)
        self._reader = _Connection(path, busy_timeout)

    async def __aenter__(self) -> Self:
        try:
            await self._writer.run(_migrate)
            await self._reader.run(_forbid_writes)
        except (sqlite3.DatabaseError, ConfigurationError) as error:
            await self.__aexit__()
            raise ConfigurationError(f"The database {self._path} can't be used: {error}") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reader.close()
        await self._writer.close()

    async def read(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """See `Database`."""
        with _mapped_errors():
            return await self._reader.run(lambda db: list(db.query(sql, dict(parameters or {}))))

    async def write(
        self,
        sql: str,
        *parameters: Parameters,
        alone: str = "",  # noqa: ARG002  every write is
        news: Sequence[str] = (),
    ) -> list[Row]:
        """See `Database`."""
        rows = await self._transact(
            lambda db: [row for each in parameters for row in db.query(sql, dict(each))]
        )
        await self.tell(news)
        return rows

    async def write_all(
        self,
        *steps: Step,
        alone: str = "",  # noqa: ARG002  every write is
        news: Sequence[str] = (),
    ) -> int:
        """See `Database`."""

        def take_steps(db: Database) -> None:
            for number, (sql, parameters) in enumerate(steps):
                if not list(db.query(sql, dict(parameters))):
                    raise _NothingTouched(number)

        try:
            await self._transact(take_steps)
        except _NothingTouched as stopped:
            return stopped.step
        await self.tell(news)
        return len(steps)

    async def tell(self, news: Sequence[str]) -> None:
        """See `Database`."""
        for topic in news:
            self.news.tell(topic)

    async def _transact(self, work: Callable[[Database], Result]) -> Result:
        def transact(db: Database) -> Result:
            self._writer.check_file()
            with db.atomic():
                return work(db)

        with _mapped_errors():
            return await self._writer.run(transact)


class _NothingTouched(Exception):
    """Rolls a transaction back."""

    def __init__(self, step: int) -> None:
        self.step = step


class _Connection:
    """A connection to SQLite and the thread that alone may use it."""

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._opened: Database | None = None  # by the thread
        self._inode = 0

    async def run(self, work: Callable[[Database], Result]) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(self._database()))

    def check_file(self) -> None:
        """SQLite would go on writing to a file that somebody has deleted or replaced."""
        if not self._path.exists() or self._path.stat().st_ino != self._inode:
            raise Unavailable from FileNotFoundError(self._path)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._opened:
            self._opened.close()

    def _database(self) -> Database:
        if self._opened is None:
            with suppress(OSError):  # SQLite says what is wrong with the path
                self._path.touch(mode=0o600)  # only for us; its other files become as this one
            connection = sqlite3.connect(self._path, timeout=self._busy_timeout)
            self._opened = Database(connection, execute_plugins=False)
            _enable_wal(self._opened, within=self._busy_timeout)
            self._opened.execute("PRAGMA synchronous = FULL")
            self._inode = self._path.stat().st_ino
        return self._opened


def _enable_wal(db: Database, *, within: float) -> None:
    """SQLite's own busy timeout does not cover the change of the journal, so that of several who
    open a new file together all but one may be refused."""
    deadline = time.monotonic() + within
    while True:
        try:
            db.enable_wal()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(WAL_PAUSE)
        else:
            return


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF  # the high bits say more than is needed
        if code == sqlite3.SQLITE_FULL:
            raise StorageFull from error
        if code in PASSING:
            raise Unavailable from error
        raise


def _forbid_writes(db: Database) -> None:
    db.execute("PRAGMA query_only = ON")


def _migrate(db: Database) -> None:
    """Bring the tables up to date; processes that start together do it one after the other."""
    db.execute("BEGIN IMMEDIATE")
    with db.conn:
        [version] = db.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise ConfigurationError(version_fault(version, len(MIGRATIONS)))
        for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
            for statement in migration:
                db.execute(written_for("sqlite", statement))
            db.execute(f"PRAGMA user_version = {number}")
