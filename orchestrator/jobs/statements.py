"""Every SQL statement on jobs and keys, in the part of the language that SQLite and PostgreSQL
share. Each write returns the rows that it touched, so that "none" can be told from "one".

A row is live while `finished` is null. `ready_at` says when a live row may be claimed: after its
delay, or when its lease has run out.
"""

ACCEPT = """
INSERT INTO jobs (
    id, key_id, dialect, status, priority, checkpoint, created, ready_at, owner, attempt,
    failures, finished, progress, error, verdict, kept, assets, request, plan
)
SELECT
    :id, :key_id, :dialect, :status, :priority, :checkpoint, :created, :ready_at, :owner, :attempt,
    :failures, :finished, :progress, :error, :verdict, :kept, :assets, :request, :plan
WHERE :status <> 'IN_QUEUE'
    OR (SELECT count(*) FROM jobs WHERE status = 'IN_QUEUE') < :queue_limit
RETURNING id
"""

GET = "SELECT * FROM jobs WHERE id = :id"

# The first ready job of each lane (priority, key, checkpoint), and jobs whose lease has run out.
# One step of an index for each lane that has waiting jobs, however many wait in it: the next lane
# begins after the end of time in the last. (SQLite uses all columns of the index only if they are
# compared with expressions.)
READY = """
WITH RECURSIVE lanes (head) AS (
    SELECT (
        SELECT id FROM jobs WHERE status = 'IN_QUEUE'
        ORDER BY priority, key_id, checkpoint, created LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT id FROM jobs AS next
        WHERE next.status = 'IN_QUEUE'
            AND (next.priority, next.key_id, next.checkpoint, next.created)
            > (last.priority, last.key_id || '', last.checkpoint || '', 1e300)
        ORDER BY next.priority, next.key_id, next.checkpoint, next.created LIMIT 1
    )
    FROM lanes JOIN jobs AS last ON last.id = lanes.head
),
ready (id) AS (
    SELECT (
        SELECT id FROM jobs AS first
        WHERE first.status = 'IN_QUEUE' AND first.priority = head.priority
            AND first.key_id = head.key_id AND first.checkpoint = head.checkpoint
            AND first.ready_at <= :now
        ORDER BY first.created LIMIT 1
    )
    FROM lanes JOIN jobs AS head ON head.id = lanes.head
    UNION ALL
    SELECT id FROM jobs WHERE status = 'IN_PROGRESS' AND ready_at <= :now
)
SELECT job.id FROM ready JOIN jobs AS job ON job.id = ready.id
LEFT JOIN keys AS key ON key.id = job.key_id
WHERE (
    SELECT count(*) FROM jobs AS running
    WHERE running.key_id = job.key_id AND running.status = 'IN_PROGRESS'
        AND running.ready_at > :now
) < CASE key.tier WHEN 'internal' THEN :internal WHEN 'pro' THEN :pro ELSE :free END
"""

# A checkpoint that none was claimed for during the fairness window, though one waits that long,
# comes before what suits the instance. When all wait that long, checkpoints take turns so; if every
# job came at its age, the instances would do little but load. Then keys take turns.
ORDER_OF_CLAIM = """
ORDER BY
    job.priority DESC,
    CASE
        WHEN job.created <= :overdue AND NOT EXISTS (
            SELECT 1 FROM jobs AS served
            WHERE served.checkpoint = job.checkpoint AND served.claimed > :overdue
        ) THEN 1
        WHEN job.created <= :overdue AND job.checkpoint = :holds THEN 2
        WHEN job.created <= :overdue THEN 3
        WHEN job.checkpoint = :holds THEN 4
        ELSE 5
    END,
    coalesce((
        SELECT max(served.claimed) FROM jobs AS served
        WHERE served.key_id = job.key_id AND served.claimed IS NOT NULL
    ), 0),
    job.created
LIMIT 1
"""


def claim(skip_locked: str) -> str:
    """A row whose claims came too often to no orderly end ends here instead of being leased."""
    return f"""
UPDATE jobs SET
    status = CASE WHEN claims < :claim_limit THEN 'IN_PROGRESS' ELSE 'FAILED' END,
    error = CASE WHEN claims < :claim_limit THEN error ELSE :reason END,
    reason = CASE WHEN claims < :claim_limit THEN reason ELSE :reason END,
    finished = CASE WHEN claims < :claim_limit THEN NULL ELSE :now END,
    pictures = CASE WHEN claims < :claim_limit THEN pictures ELSE 'spool' END,
    owner = :owner, attempt = attempt + 1, claims = claims + 1, ready_at = :ready_at,
    claimed = :now, progress = NULL
WHERE id = (
{READY}
{ORDER_OF_CLAIM}
{skip_locked}
)
RETURNING *
"""  # noqa: S608  no value is put in


# Ready now, or when the next delay or lease ends.
NEXT_READY = f"""
SELECT
    EXISTS ({READY}) AS ready,
    (SELECT min(ready_at) FROM jobs WHERE finished IS NULL AND ready_at > :now) AS ready_at
"""  # noqa: S608

SAVE = """
UPDATE jobs SET
    status = :status, failures = :failures, finished = :finished, progress = :progress,
    error = :error, reason = :reason, verdict = :verdict, kept = :kept, assets = :assets,
    pictures = :pictures
WHERE id = :id AND owner = :owner AND attempt = :attempt AND status = 'IN_PROGRESS'
RETURNING id
"""

RENEW = """
UPDATE jobs SET ready_at = :ready_at, progress = :progress
WHERE id = :id AND owner = :owner AND attempt = :attempt AND status = 'IN_PROGRESS'
RETURNING id
"""

GIVE_BACK = """
UPDATE jobs SET
    status = 'IN_QUEUE', owner = '', ready_at = :ready_at, progress = NULL, claims = claims - 1,
    failures = :failures, error = :error, verdict = :verdict, kept = :kept, assets = :assets
WHERE id = :id AND owner = :owner AND attempt = :attempt AND status = 'IN_PROGRESS'
RETURNING id
"""

RELEASE_ALL = """
UPDATE jobs SET status = 'IN_QUEUE', owner = '', ready_at = :now, progress = NULL
WHERE status = 'IN_PROGRESS'
RETURNING id
"""

CANCEL = """
UPDATE jobs SET status = 'CANCELLED', finished = :now, progress = NULL,
    pictures = 'spool'
WHERE id = :id AND finished IS NULL
RETURNING id
"""

EXPIRE = """
UPDATE jobs SET status = 'TIMED_OUT', finished = :now, progress = NULL, error = :reason,
    reason = :reason, pictures = 'spool'
WHERE finished IS NULL AND created <= :created_before
RETURNING id
"""

COUNTS = "SELECT status, count(*) AS jobs FROM jobs GROUP BY status"

BACKLOG = """
SELECT
    (SELECT min(created) FROM jobs WHERE status = 'IN_QUEUE') AS oldest,
    (SELECT count(*) FROM deliveries WHERE due <= :now) AS due,
    (SELECT count(*) FROM deliveries WHERE state = 'DEAD') AS dead
"""

WAITING = "SELECT priority, created FROM jobs WHERE status = 'IN_QUEUE'"

PACE = """
SELECT
    (SELECT count(*) FROM jobs WHERE status = 'IN_PROGRESS') AS running,
    (
        SELECT avg(finished - claimed) FILTER (WHERE status = 'COMPLETED') FROM jobs
        WHERE finished > :since
    ) AS seconds
"""

ADD_KEY = """
INSERT INTO keys (
    id, name, sha256, tier, rulesets, enabled, admin, artist, created, requests, last_used
)
VALUES (
    :id, :name, :sha256, :tier, :rulesets, :enabled, :admin, :artist, :created, 0, NULL
)
ON CONFLICT (name) DO NOTHING
RETURNING *
"""

# Not what signs its webhooks.
SELECT_KEY = """
SELECT id, name, sha256, tier, rulesets, enabled, admin, artist, created, requests, last_used
FROM keys
"""

KEY = f"{SELECT_KEY} WHERE id = :id"

KEYS = f"{SELECT_KEY} ORDER BY name"

WHSECS = """
SELECT webhook_secret, former_webhook_secret FROM keys WHERE id = :id OR name = :name
"""

# Only if it has none.
FIRST_WHSEC = """
UPDATE keys SET webhook_secret = :secret
WHERE (id = :id OR name = :name) AND webhook_secret = ''
RETURNING id
"""

NEXT_WHSEC = """
UPDATE keys SET former_webhook_secret = webhook_secret, webhook_secret = :secret
WHERE name = :name
RETURNING id
"""

SWITCH_KEY = "UPDATE keys SET enabled = :enabled WHERE name = :name RETURNING id"

DELETE_KEY = "DELETE FROM keys WHERE name = :name RETURNING id"

COUNT_REQUESTS = """
UPDATE keys SET requests = requests + :requests, last_used = :now WHERE id = :id RETURNING id
"""

# Takes over what has expired: an answer that is too old, or a request that never came to an end.
RESERVE = """
INSERT INTO idempotency (key_id, name, body, token, job_id, expires)
VALUES (:key_id, :name, :body, :token, NULL, :expires)
ON CONFLICT (key_id, name) DO UPDATE SET
    body = excluded.body, token = excluded.token, job_id = NULL, expires = excluded.expires
WHERE idempotency.expires <= :now
RETURNING token
"""

RESERVED = "SELECT body, job_id FROM idempotency WHERE key_id = :key_id AND name = :name"

BIND = """
UPDATE idempotency SET job_id = :job_id, expires = :expires WHERE token = :token RETURNING token
"""

UNRESERVE = "DELETE FROM idempotency WHERE token = :token AND job_id IS NULL RETURNING token"

UNRESERVE_ALL = "DELETE FROM idempotency WHERE job_id IS NULL RETURNING token"

ADD_DELIVERY = """
INSERT INTO deliveries (id, job_id, key_id, url, host, state, tries, due, changed, error)
VALUES (:id, :job_id, :key_id, :url, :host, :state, 0, :due, :now, '')
RETURNING id
"""

# A host that is sent as much as it may be is passed over, so that a slow one holds up nobody else.
CLAIMABLE_DELIVERY = """
SELECT id FROM deliveries
WHERE due <= :now AND host NOT IN (
    SELECT host FROM deliveries
    WHERE state = 'SENDING' AND due > :now
    GROUP BY host HAVING count(*) >= :per_host
)
ORDER BY due LIMIT 1
"""

# The second look at `due` is for a row that somebody has recorded since the first.
CLAIM_DELIVERY = f"""
UPDATE deliveries SET state = 'SENDING', tries = tries + 1, due = :lease_end, changed = :now
WHERE id = ({CLAIMABLE_DELIVERY}) AND due <= :now
RETURNING *
"""  # noqa: S608  no value is put in

NEXT_DELIVERY = f"""
SELECT
    EXISTS ({CLAIMABLE_DELIVERY}) AS ready,
    (SELECT min(due) FROM deliveries WHERE due > :now) AS due
"""  # noqa: S608

RECORD_DELIVERY = """
UPDATE deliveries SET state = :state, tries = :tries, due = :due, changed = :now, error = :error
WHERE id = :id AND tries = :tried AND state = 'SENDING'
RETURNING id
"""

DELIVERIES = """
SELECT * FROM deliveries WHERE state = 'DEAD' OR (NOT :dead AND state <> 'HELD')
ORDER BY changed DESC LIMIT :longest
"""

RETRY_DELIVERY = """
UPDATE deliveries SET state = 'PENDING', tries = 0, due = :now, changed = :now, error = ''
WHERE id = :id AND state NOT IN ('HELD', 'SENDING')
RETURNING id
"""

SENDING = "SELECT id FROM deliveries WHERE id = :id AND state = 'SENDING'"

ADD_HIT = """
INSERT INTO cache_hits (id, source, hit, expires) VALUES (:id, :source, :hit, :expires)
RETURNING id
"""

HIT = "SELECT hit FROM cache_hits WHERE id = :id AND expires > :now"

# Pictures that the cache may know, after one of them in the order of their ends. The plus keeps the
# databases from searching the index by the wrong one of two lower bounds.
PICTURES = """
FROM jobs
WHERE pictures = 'safe' AND finished >= :finished AND NOT (finished = :finished AND id <= :id)
    AND +finished > (SELECT coalesce(max(at), 0) FROM cache_cleared)
"""

NEXT_PICTURES = f"SELECT id, finished {PICTURES} ORDER BY finished, id LIMIT :batch"

BEFORE_NEWEST_PICTURES = f"""
SELECT id, finished {PICTURES} ORDER BY finished DESC, id DESC LIMIT 1 OFFSET :newest
"""

PICTURES_AT_ONCE = 500  # that are asked about
PICTURE_NAMES = [f"picture_{number}" for number in range(PICTURES_AT_ONCE)]

ADMITTED_PICTURES = f"""
SELECT id {PICTURES} AND id IN (:{", :".join(PICTURE_NAMES)})
"""

CLEAR_CACHE = "INSERT INTO cache_cleared (at) VALUES (:now) RETURNING at"

UNCLEAR_CACHE = "DELETE FROM cache_cleared RETURNING at"
