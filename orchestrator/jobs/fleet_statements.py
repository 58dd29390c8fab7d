"""SQL statements on what the processes of a fleet share, in the part of the language that SQLite
and PostgreSQL have in common."""

# Touches no row if another version has come than the one that it is to replace.
PUBLISH = """
INSERT INTO published (path, number, digest, content, author, published)
SELECT :path, coalesce(max(number), 0) + 1, :digest, :content, :author, :now
FROM published WHERE path = :path
HAVING CAST(:replaces AS text) IS NULL OR :replaces = coalesce(
    (SELECT digest FROM published WHERE path = :path ORDER BY number DESC LIMIT 1), ''
)
RETURNING *
"""

HISTORY = """
SELECT path, number, digest, author, published FROM published
WHERE path = :path ORDER BY number DESC
"""

PUBLISHED_CONTENT = "SELECT content FROM published WHERE path = :path AND number = :number"

NEWEST_PUBLISHED = """
SELECT path, number, digest, author, published, content FROM published AS newest
WHERE number = (SELECT max(number) FROM published WHERE path = newest.path)
ORDER BY path
"""

# `full_at` is when the bucket is full again. A refused taking touches no row.
TAKE_ONE = """
INSERT INTO rates (name, full_at) VALUES (:name, :now + :one)
ON CONFLICT (name) DO UPDATE SET
    full_at = CASE WHEN rates.full_at > :now THEN rates.full_at ELSE :now END + :one
WHERE rates.full_at + :one <= :now + :burst
RETURNING full_at
"""

END_SESSION = """
INSERT INTO ended_sessions (name, expires) VALUES (:name, :expires)
ON CONFLICT (name) DO NOTHING
RETURNING name
"""

ENDED_SESSION = "SELECT 1 FROM ended_sessions WHERE name = :name"

REPORT = """
INSERT INTO workers (id, seen, instances, nodes, weights)
VALUES (:id, :now, :instances, :nodes, :weights)
ON CONFLICT (id) DO UPDATE SET
    seen = :now, instances = :instances, nodes = :nodes, weights = :weights
RETURNING id
"""

LIVE_WORKERS = "SELECT * FROM workers WHERE seen > :since ORDER BY id"

LEAVE = "DELETE FROM workers WHERE id = :id RETURNING id"

DELETE_WORKERS = "DELETE FROM workers WHERE seen <= :before RETURNING id"

# What is large and rarely changes, told once and referred to by its digest.
ADD_FACTS = """
INSERT INTO facts (digest, content, told) VALUES (:digest, :content, :now)
ON CONFLICT (digest) DO UPDATE SET told = :now
RETURNING digest
"""

FACTS = "SELECT content FROM facts WHERE digest = :digest"

DELETE_FACTS = """
DELETE FROM facts WHERE told <= :before
    AND digest NOT IN (SELECT nodes FROM workers)
    AND digest NOT IN (SELECT weights FROM workers)
RETURNING digest
"""
