"""Pictures of the cache, as they are handed out and as they are asked for later."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from orchestrator.models import Job, Status
from orchestrator.ports import Ports

LIFETIME = timedelta(hours=1)  # the contract's: so long a picture that was handed out is shown


async def hand_out(earlier: Job, job: Job, ports: Ports, *, reservation: str) -> Job:
    """The job, ended with the picture of an earlier one. What was asked stays its own."""
    plan = job.plan.evolve(
        gen_id=earlier.plan.gen_id,
        watermark_id=earlier.plan.watermark_id,
        seed=earlier.plan.seed,
        graph={},
    )
    hit = job.evolve(
        status=Status.COMPLETED,
        finished=datetime.now(UTC),
        source=earlier.id,
        plan=plan,
        verdict=earlier.verdict,
        kept=earlier.kept,
        assets=earlier.assets,
    )
    await ports.hits.add(hit, reservation=reservation)
    return hit


async def handed_out(hit_id: UUID, ports: Ports) -> Job | None:
    """A hit that can still be shown: its picture may have been deleted or blocked since."""
    hit = await ports.hits.get(hit_id)
    if hit is None or hit.source is None or hit.finished is None:
        return None
    if hit.finished + LIFETIME <= datetime.now(UTC):
        return None
    source = await ports.ledger.get(hit.source)
    return hit if source is not None and source.cleared else None
