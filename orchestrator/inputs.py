"""Pictures that come with a request: kept privately with the job, judged before anything is drawn
from them, gone when the job has ended."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from orchestrator.errors import StorageFailed
from orchestrator.models import Job, PictureName, Verdict
from orchestrator.ports import NO_PICTURES, Ports


@asynccontextmanager
async def spooled(
    pictures: Mapping[PictureName, bytes], job: Job, ports: Ports
) -> AsyncIterator[None]:
    """Keep them where any host finds them, unless the job is not accepted meanwhile. It may be
    although its acceptance raises: when the answer was lost."""
    try:
        for name, picture in pictures.items():
            await ports.storage.put(_key(job, name), picture, content_type="image/png")
        yield
    except BaseException:
        if pictures and await ports.ledger.get(job.id) is None:
            await ports.storage.delete(f"spool/{job.id}")
        raise


async def inputs_of(job: Job, ports: Ports) -> Mapping[PictureName, bytes]:
    """Those that its run needs; none once it has run or was refused. Raises StorageFailed."""
    if job.kept or job.verdict is not None:
        return NO_PICTURES
    return {name: await fetch(_key(job, name), ports) for name in job.request.pictures}


async def refusal(pictures: Mapping[PictureName, bytes], job: Job, ports: Ports) -> Verdict | None:
    """What is held against drawing from them; None if nothing is. Raises ReviewFailed."""
    if not pictures:
        return None
    verdict = await ports.compliance.review(
        list(pictures.values()), request=job.request, texts=job.plan.texts, procedural=False
    )
    return None if verdict.safe else verdict


def _key(job: Job, name: PictureName) -> str:
    """In the spool, which is emptied when the job has ended."""
    return f"spool/{job.id}/{name}"


async def fetch(key: str, ports: Ports) -> bytes:
    """Raises StorageFailed."""
    data = await ports.storage.get(key)
    if data is None:
        raise StorageFailed(detail=f"{key} is gone")
    return data
