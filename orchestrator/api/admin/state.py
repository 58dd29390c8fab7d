"""Everything that the admin page shows, at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.api.admin.access import Admin
from orchestrator.api.admin.jobs import JobRow, LaneRow, RulingRow, job_row, lane_rows, ruling_row
from orchestrator.api.admin.keys import KeyRow, key_rows
from orchestrator.api.admin.listing import Listing, listing, text_of
from orchestrator.api.admin.offer import Offer, read_offer
from orchestrator.api.door import House
from orchestrator.edge_ports import CacheStats
from orchestrator.errors import Unavailable
from orchestrator.models import Caller, InstanceStatus, Overview, Room
from orchestrator.pipeline import offered
from orchestrator.ports import Compliance

MOST_INSTANCES = 200  # that are shown


@dataclass(frozen=True)
class Review:
    """Who looks at pictures."""

    eyes: bool  # somebody does who sees what is in them
    unreviewed: bool  # nobody does, and the operator has accepted that


@dataclass(frozen=True)
class State:
    seen: Overview
    instances: Listing[InstanceStatus]
    usable: int  # instances
    outage: float  # seconds without a usable instance
    lanes: Listing[LaneRow]
    jobs: Listing[JobRow]
    rulings: Listing[RulingRow]
    keys: Listing[KeyRow]
    offer: Offer
    review: Review
    storage: str
    rooms: Sequence[Room]
    cache: CacheStats | None  # None: earlier pictures are not handed out


async def read_state(house: House, admin: Admin, caller: Caller, query: str) -> State:
    """`query` is what is looked for in every list. Raises Unavailable."""
    seen, keys = await admin.jobs.overview(), await admin.keys.list()
    names = {key.id: key.name for key in keys}
    instances, catalog = house.instances.status(), house.ports.catalog.shelf()
    jobs = [job_row(job, names, now=seen.at) for job in seen.jobs]
    rulings = [ruling_row(ruling, names) for ruling in seen.judged.latest]
    return State(
        seen=seen,
        instances=listing(instances, query, _instance_text, most=MOST_INSTANCES),
        usable=sum(instance.usable for instance in instances),
        outage=house.instances.outage().total_seconds(),
        lanes=listing(lane_rows(seen.lanes, catalog.models, seen.at), query, text_of),
        jobs=listing(jobs, query, text_of, most=len(jobs)),
        rulings=listing(rulings, query, text_of),
        keys=listing(key_rows(keys, admin.bounds, own=caller.key_id), query, text_of),
        offer=read_offer(offered(house.ports), house.ports, house.ports.compliance.faults(), query),
        review=_review(house.ports.compliance),
        storage=admin.storage,
        rooms=admin.rooms(),
        cache=await _cache(house),
    )


def _instance_text(one: InstanceStatus) -> str:
    return f"{one.name} {one.url} {one.state} {one.checkpoint} {one.device} {' '.join(one.jobs)}"


def _review(compliance: Compliance) -> Review:
    eyes = compliance.somebody_looks()
    return Review(eyes=eyes, unreviewed=not eyes and compliance.has_eyes())


async def _cache(house: House) -> CacheStats | None:
    """Of an index that can't be asked, only that is told."""
    if house.cache is None:
        return None
    try:
        return await house.cache.stats()
    except Unavailable:
        return CacheStats(usable=False, entries=0, hits=0, misses=0, failures=0, waiting=0)
