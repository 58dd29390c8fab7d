"""SQL statements that forget what is old, in batches, so that nobody waits for long; in the part of
the language that SQLite and PostgreSQL share."""

OLD_PICTURES = """
SELECT * FROM jobs
WHERE pictures = :pictures AND finished <= :before ORDER BY finished LIMIT :batch
"""

FORGET_PICTURES = "UPDATE jobs SET pictures = '', assets = '[]' WHERE id = :id RETURNING id"

OLD_JOBS = """
SELECT id FROM jobs WHERE pictures = '' AND finished <= :before ORDER BY finished LIMIT :batch
"""

KEEP_VERDICT = """
INSERT INTO verdicts (job_id, key_id, finished, verdict)
SELECT id, key_id, finished, verdict FROM jobs WHERE id = :id AND verdict IS NOT NULL
ON CONFLICT (job_id) DO NOTHING
RETURNING job_id
"""

DELETE_DELIVERIES = "DELETE FROM deliveries WHERE job_id = :id RETURNING id"

DELETE_JOB = "DELETE FROM jobs WHERE id = :id AND finished IS NOT NULL RETURNING id"


def _delete(table: str, *, key: str, since: str) -> str:
    """`since` is the column that says when a row is old."""
    return f"""
DELETE FROM {table} WHERE {key} IN (
    SELECT {key} FROM {table} WHERE {since} <= :before ORDER BY {since} LIMIT :batch
)
RETURNING {key}
"""  # noqa: S608  no value is put in


DELETE_VERDICTS = _delete("verdicts", key="job_id", since="finished")
DELETE_REPETITIONS = _delete("idempotency", key="token", since="expires")
DELETE_HITS = _delete("cache_hits", key="id", since="expires")
DELETE_RATES = _delete("rates", key="name", since="full_at")
DELETE_ENDED_SESSIONS = _delete("ended_sessions", key="name", since="expires")
