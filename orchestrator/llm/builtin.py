"""The built-in enhancer: no language model, but word lists, chosen by the style's own words."""

import hashlib
import re

from orchestrator.ports import Guide

_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter ones say too little


class BuiltinEnhancer:
    """Adds one entry of each list (light, view, mood, …) of which the text says nothing yet. The
    same text always gets the same."""

    async def enhance(self, text: str, *, guide: Guide) -> str:
        added = (_fitting(facet, text, guide) for facet in guide.facets)
        return ", ".join(piece for piece in (text, *added) if piece)


def _fitting(facet: tuple[str, ...], text: str, guide: Guide) -> str:
    """The entry to add, one that has a word in common with the style if there is any."""
    said, style, avoided = _words(text), _words(guide.style), _words(" ".join(guide.avoid))
    if any(_words(entry) & said for entry in facet):
        return ""
    wanted = [entry for entry in facet if not _words(entry) & avoided]
    pool = [entry for entry in wanted if _words(entry) & style] or wanted
    return pool[_number(text, pool) % len(pool)] if pool else ""


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _number(text: str, pool: list[str]) -> int:
    digest = hashlib.sha256("\0".join((text.casefold(), *pool)).encode())
    return int.from_bytes(digest.digest()[:8])
