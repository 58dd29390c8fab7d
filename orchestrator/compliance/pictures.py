"""What a reviewer of pictures is: a file that implements `PictureReviewer`, a line in `wiring`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Sight:
    """Something that a reviewer sees in a picture. Whether it matters is for the rules to say."""

    label: str  # in the reviewer's own words
    score: float = 1.0  # 0-1, how sure it is
    floor: bool = False  # sexual content with minors: no rule is asked


class PictureReviewer(Protocol):
    @property
    def name(self) -> str:
        """As rules and `requires` name it."""

    @property
    def version(self) -> str:
        """Of all that its judgement depends on."""

    @property
    def has_eyes(self) -> bool:
        """Whether it sees what a picture shows, not only whether it is a known one."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What an operator must repair."""

    async def judge(self, picture: bytes) -> Sequence[Sight]:
        """What is in this encoded picture. Raises whatever it likes: it is then asked again."""
