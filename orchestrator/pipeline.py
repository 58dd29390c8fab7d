"""One request, top to bottom: `accept` in the process that has the door, `fulfil` in the process
that has claimed the job.

Each step of `fulfil` is skipped if its result is already recorded, so that a restart goes on where
the job was. Nothing unsigned or unreviewed can reach a public key, because of the order.
"""

import asyncio
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

from orchestrator.errors import (
    Blocked,
    CacheMiss,
    InvalidField,
    Unavailable,
    WeightsGone,
)
from orchestrator.inputs import fetch, inputs_of, refusal, spooled
from orchestrator.models import (
    Artifact,
    Asset,
    Caller,
    Character,
    Claims,
    Job,
    Kept,
    LoraUse,
    Model,
    PictureName,
    Plan,
    Progress,
    Prompt,
    Request,
    Shelf,
    Status,
    Style,
    Template,
    Texts,
    Verdict,
)
from orchestrator.ports import NO_PICTURES, Offering, Ports, Slot
from orchestrator.prompts import compose, enriched, make_guide, parse, random_prompt
from orchestrator.reuse import hand_out
from orchestrator.workflows import Bindings, Finish, build, is_procedural, pictures_of

GEN_ID_ALPHABET = string.ascii_lowercase + string.digits
NOBODY = Character(name="")


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
    draft = compose_draft(request.prompt, request, shelf, ports)
    verdict = await screen(draft, request, ports)

    job = Job(
        id=uuid4(),
        key_id=caller.key_id,
        dialect=dialect,
        request=request,
        created=datetime.now(UTC),
        plan=plan_job(draft, request, ports),
        priority=caller.priority,
    )
    if verdict.safe and request.reuse.wanted:
        earlier = await ports.cache.find(job.evolve(verdict=verdict))
        if earlier is not None:
            return await hand_out(earlier, job, ports, reservation=reservation)
        if request.reuse.only:
            raise CacheMiss
    if verdict.safe and request.optimize:
        enhanced = await enrich(draft, ports)
        draft = compose_draft(enhanced, request, shelf, ports)
        verdict = await screen(draft, request, ports)
        unenhanced = job.plan.prompt.positive
        job = job.evolve(plan=plan_job(draft, request, ports).evolve(unenhanced=unenhanced))

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


@dataclass(frozen=True)
class Draft:
    """A prompt as it would be drawn: parsed, its catalog entries found, its texts composed."""

    raw: str
    prompt: Prompt
    model: Model
    style: Style
    character: Character
    texts: Texts
    shelf: Shelf


def compose_draft(raw: str, request: Request, shelf: Shelf, ports: Ports) -> Draft:
    model = shelf.model(request.model)
    if model is None:
        raise Unavailable("No model is served")
    unknown = ports.policy.unknown_character
    prompt = parse(raw, characters=shelf.cast(model), unknown=unknown)
    style = model.style(request.style)
    character = shelf.characters.get(prompt.character, NOBODY)
    texts = compose(
        prompt,
        model=model,
        style=style,
        character=character,
        negative=request.negative,
        texts=shelf.texts,
    )
    return Draft(raw, prompt, model, style, character, texts, shelf)


async def screen(draft: Draft, request: Request, ports: Ports) -> Verdict:
    texts = request.strings(draft.texts)
    return await ports.compliance.screen(texts, ruleset=request.ruleset)


def plan_job(draft: Draft, request: Request, ports: Ports) -> Plan:
    """Decide everything that is left: what is planned here is drawn, whatever changes later."""
    template = draft.shelf.templates[draft.model.template]
    bindings = bindings_of(draft, request)
    watermark_id = secrets.token_hex(8)
    finish = Finish(
        payload=ports.marks.payload(watermark_id), output=request.output, brand=request.brand
    )
    graph = build(template, bindings, finish=finish)
    for name in request.pictures.keys() - pictures_of(graph):
        raise InvalidField(name, reason=f"{draft.model.key} does not draw from it")
    return Plan(
        prompt=draft.prompt,
        raw=draft.raw,
        texts=draft.texts,
        model=draft.model.key,
        model_label=draft.model.label,
        style=draft.style.key,
        checkpoint=draft.model.checkpoint,
        weights=(*draft.model.weights, *(f"loras/{use.file}" for use in bindings.loras)),
        template=template.name,
        template_digest=template.digest,
        card_digest=draft.model.digest,
        character_digest=draft.character.digest,
        seed=request.seed,
        steps=bindings.steps,
        cfg=bindings.cfg,
        sampler=bindings.sampler,
        scheduler=bindings.scheduler,
        gen_id="".join(secrets.choice(GEN_ID_ALPHABET) for _ in range(20)),
        watermark_id=watermark_id,
        graph=graph,
        optimized=draft.raw != request.prompt,
        run_limit=draft.model.run_limit,
    )


def bindings_of(draft: Draft, request: Request) -> Bindings:
    model, style = draft.model, draft.style
    return Bindings(
        positive=draft.texts.positive,
        negative=draft.texts.negative,
        seed=request.seed,
        width=request.output.width,
        height=request.output.height,
        steps=request.steps or style.steps,
        cfg=style.cfg if request.cfg is None else request.cfg,
        sampler=style.sampler,
        scheduler=style.scheduler,
        checkpoint=model.checkpoint,
        companions=model.companions,
        loras=_loras(draft, request),
        **{name.value: name.value for name in request.pictures},
        strength=request.strength if PictureName.INIT in request.pictures else 1.0,
        model=model.key,
        style=style.key,
        character=draft.character.name,
    )


async def enhance(request: Request, ports: Ports) -> str:
    """A richer prompt for the same picture. Raises EnhancementFailed, Blocked."""
    shelf = offered(ports)
    draft = compose_draft(request.prompt, request, shelf, ports)
    await refuse_unsafe(draft, request, ports)
    enhanced = await enrich(draft, ports)
    await refuse_unsafe(compose_draft(enhanced, request, shelf, ports), request, ports)
    return enhanced


async def enrich(draft: Draft, ports: Ports) -> str:
    """The draft's prompt with a richer positive text; the same if there is nothing to add.
    Raises EnhancementFailed."""
    guide = make_guide(
        draft.prompt,
        model=draft.model,
        style=draft.style,
        character=draft.character,
        shelf=draft.shelf,
    )
    answer = await ports.enhancer.enhance(draft.prompt.positive, guide=guide)
    return enriched(draft.raw, draft.prompt, answer, longest=ports.policy.longest_prompt)


async def suggest(rng: Random, character: str | None, ports: Ports, *, model: str = "") -> str:
    """A prompt made up from the word lists. Raises Blocked."""
    shelf = offered(ports)
    served = shelf.model(model)
    prompt = random_prompt(
        rng, shelf=shelf, character=character, model=served.key if served else ""
    )
    request = Request(prompt=prompt, model=model, seed=0)
    await refuse_unsafe(compose_draft(request.prompt, request, shelf, ports), request, ports)
    return request.prompt


async def refuse_unsafe(draft: Draft, request: Request, ports: Ports) -> None:
    """Raises Blocked."""
    verdict = await screen(draft, request, ports)
    if not verdict.safe:
        raise Blocked(verdict.message)


def _loras(draft: Draft, request: Request) -> tuple[LoraUse, ...]:
    character = draft.character
    for use in request.loras:
        lora = draft.shelf.loras.get(use.file)
        if lora is None or not lora.fits(draft.model):
            raise InvalidField("loras", reason=f"{use.file[:100]} is none for {draft.model.key}")
    own = (LoraUse(file=character.lora, weight=character.weight),) if character.lora else ()
    return (*draft.style.loras, *own, *request.loras)


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
        raise WeightsGone(detail=", ".join(missing))


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
