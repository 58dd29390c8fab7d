"""Webhooks: what receives them, and what is told."""

from typing import Any

from orchestrator.api.v2.answers import ended
from orchestrator.jobs.database import Database
from orchestrator.jobs.outbox import JobOutbox
from orchestrator.jobs.webhook_secrets import JobWebhookSecrets
from orchestrator.models import Asset, Job
from orchestrator.outbound import Guard, Post, Sender
from orchestrator.ports import Ports
from orchestrator.settings import Settings


def make_guard(settings: Settings) -> Guard:
    return Guard(allow=settings.webhooks.allow)


def make_sender(settings: Settings, post: Post, *, database: Database, ports: Ports) -> Sender:
    def link(asset: Asset) -> str:
        return ports.storage.link(asset, lifetime=settings.link_lifetime)

    def describe(job: Job) -> dict[str, Any]:
        return ended(job, link)

    secrets = JobWebhookSecrets(database)
    return Sender(JobOutbox(database), ports.ledger, secrets, post, describe)
