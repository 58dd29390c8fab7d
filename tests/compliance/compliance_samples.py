"""Rulesets of a test's own, a reviewer that does as it is told, and a picture to look at."""

import asyncio
import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from orchestrator.compliance import PictureReviewer, Reviewers, Sight
from orchestrator.models import Request, Texts, Verdict

REQUEST = Request(prompt="@aya red coat, snowy street, -umbrella", seed=1)
TEXTS = Texts(positive="red coat, snowy street", negative="umbrella")

DEFAULT = """\
label: Default
categories: {odd: Odd, known: Known picture}
rules:
  - {id: odd, category: odd, reviewer: eyes, threshold: 0.6}
  - {id: known, category: known, reviewer: pdq}
  - {id: odd-word, category: odd, terms: [odd]}
"""


class Eyes:
    """A reviewer that does what its test tells it, one behaviour a look."""

    name, version, has_eyes, faults = "eyes", "1", True, ()

    def __init__(self, *behaviours: Sequence[Sight] | Exception | None) -> None:
        self.behaviours = list(behaviours)

    async def judge(self, picture: bytes) -> Sequence[Sight]:
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        if behaviour is None:
            await asyncio.Event().wait()
        if isinstance(behaviour, Exception):
            raise behaviour
        return behaviour or ()


class House:
    def __init__(self, folder: Path) -> None:
        self.rulesets, self.hashes = folder / "rulesets", folder / "hashes"
        self.rulesets.mkdir()
        self.hashes.mkdir()
        (self.rulesets / "default.yaml").write_text(DEFAULT)

    def reviewers(self, *others: PictureReviewer, accept_unreviewed: bool = False) -> Reviewers:
        return Reviewers(
            self.rulesets,
            hash_lists=self.hashes,
            accept_unreviewed=accept_unreviewed,
            time_limit=timedelta(seconds=0.05 if others else 30),
            others=others,
        )


def picture(seed: int = 1) -> Image.Image:
    """Soft blobs: enough going on for a trustworthy hash."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return Image.fromarray(noise).resize((640, 360), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


PICTURE = encoded(picture())


async def review(
    reviewers: Reviewers, *pictures: bytes, procedural: bool = False, request: Request = REQUEST
) -> Verdict:
    return await reviewers.review(pictures, request=request, texts=TEXTS, procedural=procedural)
