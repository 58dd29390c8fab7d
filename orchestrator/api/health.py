"""Is the process alive, and can it accept and run?"""

from uuid import UUID

from aiohttp import web

from orchestrator.api.door import HOUSE, House
from orchestrator.errors import ImgenError
from orchestrator.pipeline import offered

NOBODY = UUID(int=0)


def routes() -> list[web.RouteDef]:
    return [web.get("/health", health), web.get("/ready", ready)]


async def health(request: web.Request) -> web.Response:
    """One body with the fields of every dialect that documents this path."""
    house = request.app[HOUSE]
    return web.json_response(
        {
            "status": "ok",
            "gpu_available": any(i.device.startswith("cuda") for i in house.instances.status()),
            "queue_broker": "connected" if await _has_ledger(house) else "disconnected",
        }
    )


async def ready(request: web.Request) -> web.Response:
    missing = await _missing(request.app[HOUSE])
    body = {"ready": not missing, "missing": missing}
    return web.json_response(body, status=503 if missing else 200)


async def _missing(house: House) -> list[str]:
    missing = []
    if not any(instance.usable for instance in house.instances.status()):
        missing.append("a usable ComfyUI instance")
    if not offered(house.ports).models:
        missing.append("a model that may be served")
    if not await _has_ledger(house):
        missing.append("the job database")
    return missing


async def _has_ledger(house: House) -> bool:
    try:
        await house.ports.ledger.get(NOBODY)
    except ImgenError:
        return False
    return True
