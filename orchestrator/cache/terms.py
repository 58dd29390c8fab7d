"""What must be equal for a picture to do for another request, whatever the words."""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from orchestrator.models import Job

Vector = NDArray[np.float32]

CODE = 64  # numbers that tell one set of terms from another, after those of the text
WISHED = {"output", "brand", "credits", "loras", "pictures", "strength"}
# Length of the code; that of the text is 1. Then every picture made on the same terms, however
# different its text, is nearer than any made on others: their codes have few signs in common.
WEIGHT = 2.0


def terms(job: Job, *, shared: bool) -> str:
    """Digest of all that is burnt into a picture or its clearance, but for the words asked for.
    `shared`: pictures of other keys will do. The tier is told by the priority that it gives."""
    plan, request, verdict = job.plan, job.request, job.verdict
    pinned = plan.model_dump(
        mode="json",
        include={
            *("model", "style", "checkpoint", "template", "template_digest", "card_digest"),
            *("character_digest", "steps", "cfg", "sampler", "scheduler"),
        },
    )
    wished = request.model_dump(mode="json", include=WISHED)
    clearance = [verdict.ruleset, verdict.ruleset_digest] if verdict else []
    scope = "" if shared else job.key_id
    equal = [pinned, wished, plan.prompt.character, clearance, job.priority, scope]
    return hashlib.sha256(json.dumps(equal, sort_keys=True).encode()).hexdigest()


def place(text: Vector, terms: str) -> Vector:
    """Where a picture lies in the index: its text (length 1), then a code of its terms."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(terms), np.uint8)[: CODE // 8])
    code = (bits * 2.0 - 1.0) * (WEIGHT / CODE**0.5)
    return np.concatenate([text, code]).astype(np.float32)


def similarity(distance: float) -> float:
    """Cosine of the texts of two places on the same terms, from the cosine distance of these."""
    return (1 + WEIGHT**2) * (1 - distance) - WEIGHT**2
