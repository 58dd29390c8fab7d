"""A PostgreSQL database: pooled connections, and one that listens for news of other processes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache
from itertools import chain
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from orchestrator.errors import ConfigurationError, StorageFull, Unavailable
from orchestrator.jobs.database import NAMED, Parameters, Row, Step, version_fault
from orchestrator.jobs.message import (
    CHANNEL,
    Part,
    Planner,
    failed_step,
    notify,
    queue_up,
    required,
    send,
)
from orchestrator.jobs.news import News
from orchestrator.jobs.pooling import pools_transactions
from orchestrator.jobs.schema import MIGRATIONS, written_for

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# A plan is kept. One that was made for empty tables has to be good for full ones too.
INDEXED = dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin"), "off")
HEARTBEAT = 15.0  # seconds without news after which the listener asks whether it is still connected
RECONNECT = 1.0  # seconds between two tries to listen
MIGRATION = 600.0  # seconds that one may take

# Circumstances that may pass. Any other error of PostgreSQL is a mistake of ours and stays visible.
PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,  # a standby, or a full disk that was noticed
    psycopg.errors.IdleInTransactionSessionTimeout,
    TimeoutError,
)


class PostgresDatabase:
    """Implements `Database`."""

    shared = True
    skip_locked = "FOR UPDATE OF job SKIP LOCKED"

    def __init__(self, url: str, *, connections: int = 8, time_limit: float = 5.0) -> None:
        """`time_limit` is how many seconds a statement, or the wait for a connection, may take."""
        self.news = News()
        self._time_limit = time_limit
        self._planner = Planner()
        try:
            self._address = conninfo_to_dict(url)
        except psycopg.ProgrammingError:  # its message may show the password
            raise ConfigurationError("IMGEN_DATABASE_URL is no PostgreSQL address") from None
        self._pool = AsyncConnectionPool(
            self._conninfo(),
            kwargs={"autocommit": True, "row_factory": dict_row},
            configure=self._configure,
            min_size=1,
            max_size=connections,
            timeout=time_limit,
            reconnect_timeout=2 * time_limit,
            open=False,
            name="imgen",
        )
        self._listening: asyncio.Task[None] | None = None
        self._work: set[asyncio.Task[Any]] = set()  # under way

    async def __aenter__(self) -> Self:
        try:
            await self._refuse_transaction_pooling()
            await self._migrate()
        except (*PASSING, psycopg.Error, ConfigurationError) as error:
            raise ConfigurationError(f"The database {self._name} can't be used: {error}") from error
        await self._pool.open()
        self._listening = asyncio.create_task(self._listen_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._pool.close(timeout=self._time_limit)

    async def read(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """See `Database`."""

        async def fetch() -> list[Row]:
            async with self._connected() as connection:
                return await _run(connection, sql, parameters)

        return await self._whole(fetch())

    async def write(
        self, sql: str, *parameters: Parameters, alone: str = "", news: Sequence[str] = ()
    ) -> list[Row]:
        """See `Database`."""

        async def transact() -> list[Row]:
            async with self._connected() as connection:
                if len(parameters) == 1 and not alone and not news:
                    return await _run(connection, sql, *parameters)
                calls = [await self._planner.call(connection, sql, each) for each in parameters]
                before = queue_up(alone)
                rows = await send(connection, [*before, *calls, *notify(news)])
                return list(chain(*rows[len(before) :][: len(calls)]))

        rows = await self._whole(transact())
        self._tell_here(news)
        return rows

    async def write_all(self, *steps: Step, alone: str = "", news: Sequence[str] = ()) -> int:
        """See `Database`."""
        if len(steps) == 1:  # if it touches nothing, the news are that nothing has changed
            return min(1, len(await self.write(*steps[0], alone=alone, news=news)))

        async def transact() -> int:
            async with self._connected() as connection:
                calls = [
                    await self._planner.call(connection, required(sql, step=number), parameters)
                    for number, (sql, parameters) in enumerate(steps)
                ]
                try:
                    await send(connection, [*queue_up(alone), *calls, *notify(news)])
                except psycopg.errors.InvalidTextRepresentation as error:
                    return failed_step(error)
            return len(steps)

        done = await self._whole(transact())
        if done == len(steps):
            self._tell_here(news)
        return done

    async def tell(self, news: Sequence[str]) -> None:
        """See `Database`."""
        await self.write("", news=news)  # for no parameters: nothing is run

    async def _whole(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Never cut off in the middle: whoever is cancelled leaves, and the work goes on to its
        end, which the time limit sets. (psycopg may lose a cancellation.)"""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled() and task.exception():
            logger.debug("%s", task.exception())  # whoever waits gets it too

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection[Row]]:
        with _mapped_errors():
            async with self._pool.connection() as connection:
                yield connection

    def _tell_here(self, news: Sequence[str]) -> None:
        for topic in news:
            self.news.tell(topic)  # at once, and once more when PostgreSQL has said so to all

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except PASSING as error:
                logger.warning("news of other processes come late: %s", error)
            await asyncio.sleep(RECONNECT)

    async def _listen(self) -> None:
        """Until the connection is lost; then those of the pool are suspect too."""
        async with await self._connection(self._time_limit) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            await self._check_pool()
            self.news.tell_everything()
            while True:
                async for notice in connection.notifies(timeout=HEARTBEAT):
                    self.news.tell(notice.payload)
                await connection.execute("SELECT 1")

    async def _check_pool(self) -> None:
        """Replace broken connections. The pool takes a cancellation for one more of them."""
        await self._pool.check()
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError

    @property
    def _name(self) -> str:
        """Where it is, without the password."""
        return " ".join(
            f"{key}={value}"
            for key, value in self._address.items()
            if key in ("host", "port", "dbname", "user")
        )

    def _conninfo(self) -> str:
        """Every wait has an end, also when the server is gone without a word."""
        limits: dict[str, Any] = {
            "connect_timeout": max(2, int(self._time_limit)),
            "tcp_user_timeout": int(self._time_limit * 1000),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "application_name": "imgen",
        }
        return make_conninfo("", **limits | {k: v for k, v in self._address.items() if v})

    async def _configure(
        self, connection: AsyncConnection[Row], *, time_limit: float | None = None
    ) -> None:
        """Every wait has an end on the server's side too, also when we are gone without a word;
        `time_limit` is how many seconds a statement may take. (As options of the connection, a
        pooler would refuse or drop these.)"""
        idle = int(self._time_limit * 1000)
        settings = {
            "statement_timeout": int((time_limit or self._time_limit) * 1000),
            "idle_in_transaction_session_timeout": idle,
            "tcp_user_timeout": idle,
            "tcp_keepalives_idle": 5,
            "tcp_keepalives_interval": 2,
            "tcp_keepalives_count": 3,
            **INDEXED,
        }
        text = "; ".join(f"SET {name} = {value}" for name, value in settings.items())
        await connection.execute(text.encode())

    async def _connect(self) -> AsyncConnection[Row]:
        return await AsyncConnection.connect(
            self._conninfo(), autocommit=True, row_factory=dict_row
        )

    async def _connection(self, time_limit: float) -> AsyncConnection[Row]:
        connection = await self._connect()
        try:
            await self._configure(connection, time_limit=time_limit)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _refuse_transaction_pooling(self) -> None:
        """Raises ConfigurationError."""
        async with await self._connect() as one, await self._connect() as other:
            if await pools_transactions(one, other):
                raise ConfigurationError(
                    "a pooler lends its connections for one transaction only; use pool_mode=session"
                    " (pgbouncer) or the address of PostgreSQL itself"
                )

    async def _migrate(self) -> None:
        """Bring the tables up to date; processes that start together do it one after the other."""
        async with await self._connection(MIGRATION) as connection, connection.transaction():
            await _execute(connection, queue_up("migration"))
            await connection.execute("CREATE TABLE IF NOT EXISTS imgen_schema (version INT)")
            rows = await (await connection.execute("SELECT version FROM imgen_schema")).fetchall()
            version = rows[0]["version"] if rows else 0
            if version > len(MIGRATIONS):
                raise ConfigurationError(version_fault(version, len(MIGRATIONS)))
            for statement in (text for migration in MIGRATIONS[version:] for text in migration):
                await connection.execute(_translated(written_for("postgres", statement)))
            change = (
                "UPDATE imgen_schema SET version = %s"
                if rows
                else ("INSERT INTO imgen_schema VALUES (%s)")
            )
            await connection.execute(change, [len(MIGRATIONS)])


@lru_cache
def _translated(sql: str) -> LiteralString:
    """`:name` as psycopg writes it. All statements are constants of ours."""
    return NAMED.sub(r"%(\1)s", sql.replace("%", "%%"))


async def _run(
    connection: AsyncConnection[Row], sql: str, parameters: Parameters | None
) -> list[Row]:
    return await (await connection.execute(_translated(sql), parameters)).fetchall()


async def _execute(connection: AsyncConnection[Row], parts: Sequence[Part]) -> None:
    for text, values in parts:
        await connection.execute(text.encode(), values)


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise StorageFull from error
    except PASSING as error:
        raise Unavailable from error
