"""A sender in a process of its own, to be killed: `sender_process.py DATABASE LEASE`, the lease in
seconds. It may send to loopback."""

import asyncio
import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from orchestrator.api.v2.answers import ended
from orchestrator.jobs.ledger import JobLedger
from orchestrator.jobs.outbox import DeliveryLimits, JobOutbox
from orchestrator.jobs.sqlite import SqliteDatabase
from orchestrator.jobs.webhook_secrets import JobWebhookSecrets
from orchestrator.outbound import Guard, Post, Sender


async def send(path: Path, lease: timedelta) -> None:
    guard = Guard(allow=[ip_network("127.0.0.0/8")])
    async with SqliteDatabase(path) as database, Post(guard) as post:
        await Sender(
            JobOutbox(database, DeliveryLimits(lease=lease)),
            JobLedger(database),
            JobWebhookSecrets(database),
            post,
            lambda job: ended(job, lambda asset: asset.key),
        ).run()


if __name__ == "__main__":
    asyncio.run(send(Path(sys.argv[1]), timedelta(seconds=float(sys.argv[2]))))
