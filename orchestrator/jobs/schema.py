"""The tables, as forward-only migrations. Times are seconds since the epoch, JSON is text."""

from typing import NamedTuple


class Dialects(NamedTuple):
    """A statement that the two databases write differently."""

    sqlite: str
    postgres: str


Statement = str | Dialects

# A migration is never edited once released: a change is a new one at the end.
MIGRATIONS: tuple[tuple[Statement, ...], ...] = (
    (
        """
        CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            key_id TEXT NOT NULL,
            dialect TEXT NOT NULL,
            status TEXT NOT NULL,
            priority INTEGER NOT NULL,
            checkpoint TEXT NOT NULL,
            created DOUBLE PRECISION NOT NULL,
            ready_at DOUBLE PRECISION NOT NULL,
            owner TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            finished DOUBLE PRECISION,
            progress TEXT,
            error TEXT NOT NULL,
            verdict TEXT,
            kept TEXT NOT NULL,
            assets TEXT NOT NULL,
            request TEXT NOT NULL,
            plan TEXT NOT NULL
        )
        """,
        # In the order of the claim, so that its cost does not grow with the backlog.
        """
        CREATE INDEX jobs_live ON jobs (priority DESC, created, ready_at) WHERE finished IS NULL
        """,
        "CREATE INDEX jobs_by_status ON jobs (status, priority, created)",
        """
        CREATE TABLE keys (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL,
            tier TEXT NOT NULL,
            rulesets TEXT NOT NULL,
            enabled BOOLEAN NOT NULL,
            admin BOOLEAN NOT NULL,
            artist BOOLEAN NOT NULL,
            created DOUBLE PRECISION NOT NULL,
            requests BIGINT NOT NULL,
            last_used DOUBLE PRECISION
        )
        """,
    ),
    (
        "ALTER TABLE jobs ADD COLUMN claimed DOUBLE PRECISION",
        "DROP INDEX jobs_live",
        "DROP INDEX jobs_by_status",
        # A lane is a status, priority, key and checkpoint: the claim goes from lane to lane, so
        # that its cost does not grow with the jobs that wait in each.
        "CREATE INDEX jobs_lanes ON jobs (status, priority, key_id, checkpoint, created)",
        "CREATE INDEX jobs_running ON jobs (key_id, ready_at) WHERE status = 'IN_PROGRESS'",
        "CREATE INDEX jobs_served ON jobs (key_id, claimed) WHERE claimed IS NOT NULL",
        "CREATE INDEX jobs_finished ON jobs (finished) WHERE finished IS NOT NULL",
        "CREATE INDEX jobs_next ON jobs (ready_at) WHERE finished IS NULL",
        """
        CREATE TABLE idempotency (
            key_id TEXT NOT NULL,
            name TEXT NOT NULL,
            body TEXT NOT NULL,
            token TEXT NOT NULL UNIQUE,
            job_id TEXT,
            expires DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (key_id, name)
        )
        """,
        "CREATE INDEX idempotency_expires ON idempotency (expires)",
        # What of a job lies in storage: '' nothing, 'safe' or 'blocked' assets, 'spool' leftovers.
        "ALTER TABLE jobs ADD COLUMN pictures TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX jobs_pictures ON jobs (pictures, finished)",
        """
        CREATE TABLE verdicts (
            job_id TEXT PRIMARY KEY,
            key_id TEXT NOT NULL,
            finished DOUBLE PRECISION NOT NULL,
            verdict TEXT NOT NULL
        )
        """,
        "CREATE INDEX verdicts_finished ON verdicts (finished)",
    ),
    # Claims that came to no orderly end: whoever held the job died, or holds it now.
    ("ALTER TABLE jobs ADD COLUMN claims INTEGER NOT NULL DEFAULT 0",),
    # A delivery is written with its job, HELD. `due` is when to send it: null while it must not be.
    (
        """
        CREATE TABLE deliveries (
            id TEXT PRIMARY KEY,
            job_id TEXT NOT NULL,
            key_id TEXT NOT NULL,
            url TEXT NOT NULL,
            host TEXT NOT NULL,
            state TEXT NOT NULL,
            tries INTEGER NOT NULL,
            due DOUBLE PRECISION,
            changed DOUBLE PRECISION NOT NULL,
            error TEXT NOT NULL
        )
        """,
        "CREATE INDEX deliveries_job ON deliveries (job_id)",
        "CREATE INDEX deliveries_due ON deliveries (due, host) WHERE due IS NOT NULL",
        "CREATE INDEX deliveries_sending ON deliveries (host, due) WHERE state = 'SENDING'",
        "CREATE INDEX deliveries_changed ON deliveries (state, changed)",
        # Whichever statement ends a job makes its delivery due, in the same transaction.
        Dialects(
            sqlite="""
            CREATE TRIGGER deliver_job AFTER UPDATE OF finished ON jobs
            WHEN OLD.finished IS NULL AND NEW.finished IS NOT NULL
            BEGIN
                UPDATE deliveries SET state = 'PENDING', due = NEW.finished
                WHERE job_id = NEW.id AND state = 'HELD';
            END
            """,
            postgres="""
            CREATE FUNCTION deliver_job() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE deliveries SET state = 'PENDING', due = NEW.finished
                WHERE job_id = NEW.id AND state = 'HELD';
                RETURN NULL;
            END $$;
            CREATE TRIGGER deliver_job AFTER UPDATE OF finished ON jobs FOR EACH ROW
            WHEN (OLD.finished IS NULL AND NEW.finished IS NOT NULL)
            EXECUTE FUNCTION deliver_job()
            """,
        ),
        # What signs the deliveries of a key: '' until needed, or until changed for the first time.
        "ALTER TABLE keys ADD COLUMN webhook_secret TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE keys ADD COLUMN former_webhook_secret TEXT NOT NULL DEFAULT ''",
    ),
    # Pictures of the cache that were handed out: `source` is the job that has made one, `hit` the
    # job as whom it was handed out.
    (
        """
        CREATE TABLE cache_hits (
            id TEXT PRIMARY KEY,
            source TEXT NOT NULL,
            hit TEXT NOT NULL,
            expires DOUBLE PRECISION NOT NULL
        )
        """,
        "CREATE INDEX cache_hits_expires ON cache_hits (expires)",
        # When the cache was told to forget all pictures that there were.
        "CREATE TABLE cache_cleared (at DOUBLE PRECISION NOT NULL)",
    ),
    # What the processes of a fleet share. `content` is null in a version that deletes the file.
    (
        """
        CREATE TABLE published (
            path TEXT NOT NULL,
            number INTEGER NOT NULL,
            digest TEXT NOT NULL,
            content TEXT,
            author TEXT NOT NULL,
            published DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (path, number)
        )
        """,
        """
        CREATE TABLE workers (
            id TEXT PRIMARY KEY,
            seen DOUBLE PRECISION NOT NULL,
            instances TEXT NOT NULL,
            nodes TEXT NOT NULL,
            weights TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE facts (
            digest TEXT PRIMARY KEY,
            content TEXT NOT NULL,
            told DOUBLE PRECISION NOT NULL
        )
        """,
        # A crash may empty it: then everybody has a full bucket again.
        Dialects(
            sqlite="CREATE TABLE rates (name TEXT PRIMARY KEY, full_at DOUBLE PRECISION NOT NULL)",
            postgres="""
            CREATE UNLOGGED TABLE rates (
                name TEXT PRIMARY KEY, full_at DOUBLE PRECISION NOT NULL
            )
            """,
        ),
        "CREATE INDEX rates_full ON rates (full_at)",
    ),
    # When a job was last claimed for a checkpoint.
    (
        """
        CREATE INDEX jobs_checkpoint_served ON jobs (checkpoint, claimed)
        WHERE claimed IS NOT NULL
        """,
    ),
    (
        """
        CREATE TABLE ended_sessions (name TEXT PRIMARY KEY, expires DOUBLE PRECISION NOT NULL)
        """,
        "CREATE INDEX ended_sessions_expires ON ended_sessions (expires)",
    ),
    # Why a job failed, as its caller may know it; `error` is for operators.
    ("ALTER TABLE jobs ADD COLUMN reason TEXT NOT NULL DEFAULT ''",),
)


def written_for(dialect: str, statement: Statement) -> str:
    """`dialect` is a field of Dialects."""
    return statement if isinstance(statement, str) else str(getattr(statement, dialect))
