"""One request, top to bottom: `accept` in the process that has the door, `fulfil` in the process
that has claimed the job.

Each step of `fulfil` is skipped if its result is already recorded, so that a restart goes on where
the job was. Nothing unsigned or unreviewed can reach a public key, because of the order.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

from orchestrator.composition import Composition, composed, plan_of
from orchestrator.errors import Blocked, CacheMiss, Unavailable, WeightsGone
from orchestrator.inputs import fetch, inputs_of, refusal, spooled
from orchestrator.models import (
    Artifact,
    Asset,
    Caller,
    Claims,
    Job,
    Kept,
    PictureName,
    Progress,
    Request,
    Shelf,
    Status,
    Template,
    Verdict,
)
from orchestrator.ports import NO_PICTURES, Offering, Ports, Slot
from orchestrator.prompts import enriched, make_guide, random_prompt
from orchestrator.reuse import hand_out
from orchestrator.workflows import is_procedural


async def accept(
    request: Request,
    caller: Caller,
    dialect: str,
    ports: Ports,
    *,
    reservation: str = "",
    pictures: Mapping[PictureName, bytes] = NO_PICTURES,
) -> Job:
    """The job that the caller may rely on from now on; a blocked prompt is a finished job.
    `reservation` is of the caller's name for the request, if it gave one; `pictures` are those of
    `request.pictures`, decoded and encoded again by us, as PNG files.

    Raises PromptRequired, InvalidCharacter, CacheMiss, EnhancementFailed, ReviewFailed,
    InvalidField, Unavailable, QueueFull and StorageFull; then nothing was accepted.
    """
    shelf = offered(ports)
    ruleset = ports.compliance.resolve(request.ruleset, allowed=caller.rulesets)
    request = request.evolve(ruleset=ruleset)
    composition = composed(request, shelf, ports)
    verdict = await screen(composition, ports)

    job = Job(
        id=uuid4(),
        key_id=caller.key_id,
        dialect=dialect,
        request=request,
        created=datetime.now(UTC),
        plan=plan_of(composition, ports),
        priority=caller.priority,
    )
    if verdict.safe and request.reuse.wanted:
        earlier = await ports.cache.find(job.evolve(verdict=verdict))
        if earlier is not None:
            return await hand_out(earlier, job, ports, reservation=reservation)
        if request.reuse.only:
            raise CacheMiss
    if verdict.safe and request.optimize:
        composition = await enrich(composition, ports)
        verdict = await screen(composition, ports)
        job = job.evolve(plan=plan_of(composition, ports))

    if not verdict.safe:
        job, pictures = completed(job.evolve(verdict=verdict)), NO_PICTURES
    async with spooled(pictures, job, ports):
        await ports.ledger.accept(job, reservation=reservation)
    return job


def offered(ports: Offering) -> Shelf:
    """The shelf without the models that can't be drawn, or whose pictures nobody would look at."""
    shelf = ports.catalog.shelf()
    templates = {model.template for model in shelf.models.values()}
    reasons = {name: _obstacle(shelf.templates[name], ports) for name in templates}
    withheld = {k: reasons[m.template] for k, m in shelf.models.items() if reasons[m.template]}
    if not withheld:
        return shelf
    served = {key: model for key, model in shelf.models.items() if key not in withheld}
    return shelf.evolve(models=served, withheld={**shelf.withheld, **withheld})


def _obstacle(template: Template, ports: Offering) -> str:
    if fault := ports.audit.fault(template):
        return fault
    if ports.compliance.has_eyes() or is_procedural(template.graph):
        return ""
    return "no reviewer looks at its pictures"


async def screen(composition: Composition, ports: Ports) -> Verdict:
    request = composition.request
    texts = request.strings(composition.texts)
    return await ports.compliance.screen(texts, ruleset=request.ruleset)


async def enhance(request: Request, ports: Ports) -> str:
    """A richer prompt for the same picture. Raises EnhancementFailed, Blocked."""
    composition = composed(request, offered(ports), ports)
    await refuse_unsafe(composition, ports)
    enhanced = await enrich(composition, ports)
    await refuse_unsafe(enhanced, ports)
    return enhanced.raw


async def enrich(composition: Composition, ports: Ports) -> Composition:
    """With a richer positive text; the same if there is nothing to add. Raises
    EnhancementFailed."""
    guide = make_guide(
        composition.prompt,
        model=composition.model,
        style=composition.style,
        character=composition.character,
        shelf=composition.shelf,
    )
    answer = await ports.enhancer.enhance(composition.prompt.positive, guide=guide)
    raw = enriched(composition.raw, composition.prompt, answer, longest=ports.policy.longest_prompt)
    richer = composed(composition.request, composition.shelf, ports, raw=raw)
    return replace(richer, unenhanced=composition.prompt.positive)


async def suggest(rng: Random, character: str | None, ports: Ports, *, model: str = "") -> str:
    """A prompt made up from the word lists. Raises Blocked."""
    shelf = offered(ports)
    served = shelf.model(model)
    prompt = random_prompt(
        rng, shelf=shelf, character=character, model=served.key if served else ""
    )
    request = Request(prompt=prompt, model=model, seed=0)
    await refuse_unsafe(composed(request, shelf, ports), ports)
    return prompt


async def refuse_unsafe(composition: Composition, ports: Ports) -> None:
    """Raises Blocked."""
    verdict = await screen(composition, ports)
    if not verdict.safe:
        raise Blocked(verdict.message)


async def fulfil(job: Job, slot: Slot, ports: Ports, *, report: Callable[[Progress], None]) -> Job:
    """Bring a claimed job to its end, from wherever it is.

    Raises RunError, StepFailed, Unavailable, InstanceUnusable: the job may be tried again.
    Raises WeightsGone: it may not. Raises Fenced: the job is somebody else's by now.
    """
    pictures = await inputs_of(job, ports)
    if job.verdict is None and (refused := await refusal(pictures, job, ports)):
        job = await record(job.evolve(verdict=refused), ports)

    if not job.kept and job.verdict is None:
        require_weights(job, ports)
        async with slot.run(job, report=report, pictures=pictures) as artifacts:
            kept = [await keep(job, n, artifact, ports) for n, artifact in enumerate(artifacts, 1)]
            job = await record(job.evolve(kept=tuple(kept)), ports)
    slot.free()

    verdict = job.verdict
    if verdict is None:
        verdict = await review(job, ports)
        job = await record(job.evolve(verdict=verdict), ports)

    if not job.assets and not verdict.floor:
        assets = [await publish(job, kept, ports) for kept in job.kept]
        job = await record(job.evolve(assets=tuple(a for pair in assets for a in pair)), ports)

    await ports.storage.delete(f"spool/{job.id}")
    if verdict.safe:
        await ports.cache.remember(job)
    return await record(completed(job), ports)


def require_weights(job: Job, ports: Ports) -> None:
    """Raises WeightsGone; Unavailable while they are being replaced."""
    known = ports.catalog.shelf().weights
    missing = [file for file in job.plan.weights if file not in known or known[file].fault]
    if any(file in known and known[file].pending for file in missing):
        raise Unavailable(f"{', '.join(missing)}: still being written")
    if missing:
        raise WeightsGone(*missing)


async def record(job: Job, ports: Ports) -> Job:
    await ports.ledger.save(job)
    return job


def completed(job: Job) -> Job:
    return job.evolve(status=Status.COMPLETED, finished=datetime.now(UTC), progress=None)


async def keep(job: Job, number: int, artifact: Artifact, ports: Ports) -> Kept:
    """Put finished, unsigned bytes into the private spool, and look for our mark in them."""
    stem, storage = f"spool/{job.id}/{job.attempt}_{number:05}", ports.storage
    content_type = artifact.facts.format.content_type
    mark = asyncio.create_task(ports.marks.read(artifact.picture))
    try:
        await storage.put(stem, artifact.picture, content_type=content_type)
        await storage.put(f"{stem}_thumb", artifact.thumbnail, content_type=content_type)
        watermark_id = await mark
    finally:
        mark.cancel()
    return Kept(
        picture=stem,
        thumbnail=f"{stem}_thumb",
        facts=artifact.facts,
        watermarked=watermark_id == job.plan.watermark_id,
    )


async def review(job: Job, ports: Ports) -> Verdict:
    pictures = [await fetch(kept.picture, ports) for kept in job.kept]
    return await ports.compliance.review(
        pictures,
        request=job.request,
        texts=job.plan.texts,
        procedural=is_procedural(job.plan.graph),
    )


async def publish(job: Job, kept: Kept, ports: Ports) -> tuple[Asset, Asset]:
    """Sign a picture and its thumbnail and store them."""
    picture, thumbnail = job.assets_of(kept)
    signed = await _store_signed(picture, kept.picture, job, kept, ports)
    await _store_signed(thumbnail, kept.thumbnail, job, kept, ports, parent=signed)
    return picture, thumbnail


async def _store_signed(
    asset: Asset, source: str, job: Job, kept: Kept, ports: Ports, *, parent: bytes | None = None
) -> bytes:
    """What is stored under the asset's key: signed now, or by an earlier try."""
    stored = await ports.storage.get(asset.key)
    if stored is not None:
        return stored
    claims = claims_of(job, kept)
    unsigned = await fetch(source, ports)
    signed = await ports.signer.sign(unsigned, kept.facts.format, claims, parent=parent)
    await ports.storage.put(asset.key, signed, content_type=asset.content_type)
    return signed


def claims_of(job: Job, kept: Kept) -> Claims:
    brand = job.request.brand
    return Claims(
        job=job.id,
        gen_id=job.plan.gen_id,
        made=job.created,
        model=job.plan.model_label,
        template_digest=job.plan.template_digest,
        fingerprint=kept.facts.fingerprint,
        watermark_id=job.plan.watermark_id if kept.watermarked else "",
        branded=bool(brand.image),
        brand_sha256=brand.sha256,
        credits=job.request.credits,
    )
