"""Reads an embedded index through: exits with 0 if it can be used, or not at all."""

import sys
from pathlib import Path

from orchestrator.cache.connect import embedded, pictures

SAMPLE = 50  # entries


def main() -> None:
    found = pictures(embedded(Path(sys.argv[1])))
    sample = found.get(limit=SAMPLE, include=["embeddings"])["embeddings"]
    if sample is not None and len(sample):
        found.query(query_embeddings=sample, n_results=10)


if __name__ == "__main__":
    main()
