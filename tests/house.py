"""What handlers need of a service: a real database, and twins of all that is far away."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from twins import World

from orchestrator.api.door import House
from orchestrator.api.limits import RateLimiter
from orchestrator.jobs.cache_records import CacheRecords
from orchestrator.jobs.database import Database
from orchestrator.jobs.idempotency import Idempotency
from orchestrator.jobs.keys import ApiKeys
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outlook import Outlook
from orchestrator.models import InstanceStatus
from orchestrator.outbound import Guard


class Instances:
    """Those that are listed; none of them away, unless that is set."""

    def __init__(self) -> None:
        self.now: list[InstanceStatus] = []
        self.away = timedelta()

    def outage(self) -> timedelta:
        return self.away

    def status(self) -> list[InstanceStatus]:
        return self.now


def house_over(database: Database, world: World, **changes: Any) -> House:
    ledger, hits = JobLedger(database), CacheRecords(database)
    usual = {
        "ports": replace(world.ports, ledger=ledger, queue=ledger, hits=hits),
        "keys": ApiKeys(database),
        "repetitions": Idempotency(database),
        "outlook": Outlook(database),
        "guard": Guard(),
        "instances": Instances(),
        "rates": {},
        "strangers": RateLimiter(60),
        "trusted_proxies": (),
        "link_lifetime": timedelta(hours=1),
        "longest_outage": timedelta(minutes=5),
        "has_room": lambda: True,
        "longest_prompt": 4000,
    }
    return House(**(usual | changes))
