"""The actions of the Imgen API v2."""

import re
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from aiohttp import web

from orchestrator.api.door import HOUSE, House, authenticate, read_json
from orchestrator.api.fields import Fields
from orchestrator.api.once import idempotency_key, once
from orchestrator.api.pictures import read_pictures
from orchestrator.api.v2 import answers
from orchestrator.api.v2.request import LONGEST_NAME, SEEDS, read_prompt, read_request
from orchestrator.errors import BadId, CacheExpired, JobNotFound, MissingAction, UnknownAction
from orchestrator.models import Asset, Caller, Job, Request, Status
from orchestrator.pipeline import accept, enhance, offered, suggest
from orchestrator.reuse import handed_out

LONGEST_BODY = 16 * 2**20  # bytes: pictures and a mark in base64, and the texts
JOB_ID = re.compile(r"(run|cache)_([A-Za-z0-9]{6,64})", re.ASCII)

Action = Callable[[Fields, Caller, House], Awaitable[dict[str, Any]]]


def routes() -> list[web.RouteDef]:
    return [web.post("/api/v2", handle)]


async def handle(request: web.Request) -> web.Response:
    caller = await authenticate(request)
    fields = await read_json(request, longest=LONGEST_BODY)
    if "action" not in fields:
        raise MissingAction
    action = ACTIONS.get(fields.short_text("action", longest=LONGEST_NAME))
    if action is None:
        raise UnknownAction
    if action is generate:
        action = partial(generate, once_as=idempotency_key(request))
    return web.json_response(await action(fields, caller, request.app[HOUSE]))


async def models(_fields: Fields, _caller: Caller, house: House) -> dict[str, Any]:
    """Beyond the contract: `available` is false while `generate` would be refused."""
    shelf = offered(house.ports)
    mark = {} if house.can_draw else {"available": False}
    return {
        "characters": sorted(shelf.characters),
        "models": {
            model.key: {
                "label": model.label,
                "default_style": model.default_style,
                "styles": {key: {"label": style.label} for key, style in model.styles.items()},
                **mark,
            }
            for model in shelf.models.values()
        },
    }


async def generate(
    fields: Fields, caller: Caller, house: House, *, once_as: str = ""
) -> dict[str, Any]:
    pictures = await read_pictures(fields)
    request = await read_request(
        fields, pictures, longest_prompt=house.longest_prompt, guard=house.guard
    )

    async def accept_now(reservation: str) -> Job:
        house.refuse_if_unable()
        return await accept(
            request,
            caller,
            "v2",
            house.ports,
            reservation=reservation,
            pictures=pictures.files,
        )

    return answers.accepted(await once(once_as, fields, caller, house, accept_now))


async def status(fields: Fields, caller: Caller, house: House) -> dict[str, Any]:
    job = await find_job(fields.short_text("id", longest=100), caller, house)
    return await shown(job, house)


async def cancel(fields: Fields, caller: Caller, house: House) -> dict[str, Any]:
    """How the job has ended: cancelled, or as it had ended before."""
    job = await find_job(fields.short_text("id", longest=100), caller, house)
    await house.ports.ledger.cancel(job.id)
    return answers.cancelled(await house.ports.ledger.get(job.id) or job)


async def find_job(job_id: str, caller: Caller, house: House) -> Job:
    """A job that the caller may see. Raises BadId, CacheExpired, JobNotFound."""
    matched = JOB_ID.fullmatch(job_id)
    if matched is None:
        raise BadId
    kind, name = matched.groups()
    missing = CacheExpired if kind == "cache" else JobNotFound
    try:
        job = await _found(kind, UUID(hex=name), house)
    except ValueError:
        raise missing from None
    if job is None or (job.key_id != caller.key_id and not caller.admin):
        raise missing
    return job


async def _found(kind: str, job_id: UUID, house: House) -> Job | None:
    if kind == "cache":
        return await handed_out(job_id, house.ports)
    return await house.ports.ledger.get(job_id)


async def shown(job: Job, house: House) -> dict[str, Any]:
    """A job as `status` shows it, with links that are new."""

    def link(asset: Asset) -> str:
        return house.ports.storage.link(asset, lifetime=house.link_lifetime)

    waits = job.status is Status.IN_QUEUE
    return answers.status(job, link, place=await house.outlook.place(job) if waits else None)


async def optimize(fields: Fields, _caller: Caller, house: House) -> dict[str, Any]:
    request = Request(
        prompt=read_prompt(fields, longest=house.longest_prompt),
        model=fields.short_text("model", longest=LONGEST_NAME),
        seed=0,
    )
    return {"prompt": await enhance(request, house.ports)}


async def random(fields: Fields, _caller: Caller, house: House) -> dict[str, Any]:
    """Beyond the contract: `model`, for whose words, and `seed`, to get the same again."""
    character = fields.text("character", longest=LONGEST_NAME) if "character" in fields else None
    seed = fields.integer("seed", default=secrets.randbelow(SEEDS), low=0, high=2**64 - 1)
    model = fields.short_text("model", longest=LONGEST_NAME)
    return {"prompt": await suggest(Random(seed), character, house.ports, model=model)}  # noqa: S311  not a secret


ACTIONS: dict[str, Action] = {
    "models": models,
    "generate": generate,
    "status": status,
    "cancel": cancel,
    "optimize": optimize,
    "random": random,
}
