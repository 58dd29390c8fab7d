"""Earlier pictures that will do for a new request."""

from orchestrator.cache.connect import Server
from orchestrator.cache.index import ChromaIndex
from orchestrator.cache.none import NoCache
from orchestrator.cache.semantic import CacheOptions, SemanticCache
from orchestrator.cache.sentences import load_sentence_model

__all__ = [
    "CacheOptions",
    "ChromaIndex",
    "NoCache",
    "SemanticCache",
    "Server",
    "load_sentence_model",
]
