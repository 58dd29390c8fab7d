"""`imgen doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import click

from orchestrator.cli.prose import say
from orchestrator.errors import ImgenError, Unavailable
from orchestrator.settings import Settings, read_settings
from orchestrator.wiring.adapters import make_compliance, managed_comfyui, signing_chain
from orchestrator.wiring.database import open_database
from orchestrator.wiring.fleet import missing_shared
from orchestrator.wiring.offline import examine_storage, read_offer

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  compared with, not listened on
LITTLE_SPACE = 2 * 2**30  # bytes
LARGE_SKEW = timedelta(minutes=1)  # between clocks; at 15 minutes S3 refuses requests and links


class Level(StrEnum):
    OK = "green"
    NOTE = "yellow"
    FAULT = "red"


@dataclass(frozen=True)
class Finding:
    level: Level
    text: str


@click.command()
def doctor() -> None:
    """Say what is wrong with this installation and what to do.

    Works beside a running service and without one. Exits with 1 if something is at fault.
    """
    settings = read_settings()
    findings = [finding for check in CHECKS for finding in _guarded(check(settings))]
    for finding in findings:
        lead = click.style(f"{finding.level.name.lower():>5}  ", finding.level)
        say(finding.text, lead=lead, indent=7)
    if any(finding.level is Level.FAULT for finding in findings):
        raise SystemExit(1)


def _guarded(findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except (ImgenError, OSError) as error:
        yield Finding(Level.FAULT, str(error))


def _comfyui(settings: Settings) -> Iterator[Finding]:
    if settings.comfyui_urls:
        yield Finding(Level.OK, f"ComfyUI: external, {len(settings.comfyui_urls)} instances")
        return
    spec = managed_comfyui(settings)
    if not spec.python.exists():
        yield Finding(Level.FAULT, f"ComfyUI: {spec.python} is not there; run `make setup`")
    elif spec.checkout and not (spec.checkout / "main.py").exists():
        yield Finding(Level.FAULT, f"ComfyUI: {spec.checkout} has no main.py")
    else:
        kind = f"the checkout {spec.checkout}" if spec.checkout else "the packaged one"
        yield Finding(Level.OK, f"ComfyUI: {kind}, started by the service")


def _data(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    if settings.database_url or folder.exists():
        asyncio.run(_opened(settings))
    place = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(place, os.W_OK):
        yield Finding(Level.FAULT, f"Data: {folder}: {place} can't be written")
        return
    free = shutil.disk_usage(place).free
    level = Level.NOTE if free < LITTLE_SPACE else Level.OK
    yield Finding(level, f"Data: {folder}, {free / 2**30:.1f} GiB free")


async def _opened(settings: Settings) -> None:
    async with open_database(settings):
        pass


def _s3(settings: Settings) -> Iterator[Finding]:
    if not settings.s3.bucket:
        return
    bucket = f"S3: bucket {settings.s3.bucket} at {settings.s3.endpoint or 'AWS'}"
    try:
        found = asyncio.run(examine_storage(settings))
    except Unavailable as error:
        yield Finding(Level.FAULT, f"{bucket}: {error}")
        return
    yield Finding(Level.OK, f"{bucket}, written, read and deleted")
    if abs(found.skew) > LARGE_SKEW:
        seconds = found.skew.total_seconds()
        yield Finding(Level.NOTE, f"S3: its clock is {seconds:+.0f} s off ours; links may fail")
    if found.versioned:
        yield Finding(Level.NOTE, "S3: the bucket keeps versions, so nothing is really deleted")
    if found.exposed:
        yield Finding(
            Level.FAULT,
            "S3: IMGEN_S3__PUBLIC_URL shows unreviewed pictures; set IMGEN_S3__PRIVATE_BUCKET",
        )


def _fleet(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        return
    for name, why in missing_shared(settings).items():
        yield Finding(Level.FAULT, f"Fleet: {name} is missing: {why}")
    if settings.assets_dir and not settings.s3.bucket:
        folder = settings.assets_dir.absolute()
        yield Finding(Level.NOTE, f"Fleet: {folder} has to be the same folder on all hosts")


def _address(settings: Settings) -> Iterator[Finding]:
    where = settings.public_url or f"http://{settings.host}:{settings.port}"
    if not (settings.public_url or settings.s3.bucket) and settings.host in EVERYWHERE:
        yield Finding(Level.FAULT, f"Links would begin with {where}: set IMGEN_PUBLIC_URL")
    else:
        yield Finding(Level.OK, f"Address: links begin with {where}")


def _credentials(settings: Settings) -> Iterator[Finding]:
    files = settings.credentials
    if not (files.certificate or files.key or (settings.data_dir / "credentials").exists()):
        yield Finding(
            Level.NOTE, "Credentials: the first start makes a chain that nobody else trusts"
        )
        return
    chain = signing_chain(settings)
    days = (chain.expires - datetime.now(UTC)).days
    level = Level.NOTE if chain.development or chain.due else Level.OK
    kind = "a development chain that nobody else trusts" if chain.development else "your own chain"
    yield Finding(level, f"Credentials: signed by {kind}, valid for {days} days")


def _offer(settings: Settings) -> Iterator[Finding]:
    shelf = read_offer(settings)
    level = Level.OK if shelf.models else Level.FAULT
    yield Finding(level, f"Models served: {', '.join(shelf.models) or 'none'}")
    for key, reason in shelf.withheld.items():
        yield Finding(Level.NOTE, f"Not served: {key}: {reason}")
    for fault in shelf.faults:
        yield Finding(Level.FAULT, fault)


def _compliance(settings: Settings) -> Iterator[Finding]:
    for fault in make_compliance(settings).faults():
        yield Finding(Level.FAULT, fault)
    if settings.compliance.accept_unreviewed:
        yield Finding(
            Level.NOTE, "Compliance: pictures of learned models are served UNREVIEWED, as set"
        )
    else:
        yield Finding(Level.OK, "Compliance: no picture is served that nobody has looked at")


CHECKS = (_comfyui, _data, _s3, _fleet, _address, _credentials, _offer, _compliance)
