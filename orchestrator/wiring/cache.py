"""Makes the semantic cache from the settings."""

from orchestrator.cache import (
    CacheOptions,
    ChromaIndex,
    NoCache,
    SemanticCache,
    Server,
    load_sentence_model,
)
from orchestrator.jobs.cache_records import CacheRecords
from orchestrator.jobs.ledger import JobLedger
from orchestrator.ports import Storage
from orchestrator.settings import Settings


def make_cache(
    settings: Settings, *, ledger: JobLedger, storage: Storage
) -> SemanticCache | NoCache:
    wanted = settings.cache
    if not wanted.enabled:
        return NoCache()
    token = wanted.token.get_secret_value() if wanted.token else ""
    place = Server(wanted.url, token) if wanted.url else settings.data_dir / "cache"
    return SemanticCache(
        ChromaIndex(place),
        load_sentence_model,
        ledger=ledger,
        archive=CacheRecords(ledger.database),
        storage=storage,
        options=CacheOptions(
            floor=wanted.floor,
            shared=wanted.shared,
            unreviewed=settings.compliance.accept_unreviewed,
            entries=wanted.entries,
            time_limit=wanted.time_limit,
        ),
    )
