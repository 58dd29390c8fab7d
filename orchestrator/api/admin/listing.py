"""Lists of any length, of which a page shows the first that fit what is looked for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")

SHOWN = 50  # rows of one list


@dataclass(frozen=True)
class Listing(Generic[T]):
    rows: Sequence[T]  # that are shown
    found: int  # that fit
    total: int


def listing(
    rows: Sequence[T], query: str, text: Callable[[T], str], *, most: int = SHOWN
) -> Listing[T]:
    """Those in whose text every word of the query is found."""
    words = query.casefold().split()
    found = [row for row in rows if _has(text(row), words)] if words else rows
    return Listing(found[:most], found=len(found), total=len(rows))


class Row(Protocol):
    @property
    def text(self) -> str:
        """What a search looks into."""


def text_of(row: Row) -> str:
    return row.text


def _has(text: str, words: Iterable[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)
