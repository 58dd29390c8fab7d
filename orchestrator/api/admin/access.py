"""What the admin page needs of the service, and who may see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from orchestrator.api.admin.keys import Bounds, KeyRing
from orchestrator.api.sign_in import Entrance, holder_of
from orchestrator.errors import Forbidden
from orchestrator.models import Caller, Overview, Room

HOME = "/admin"


class Overviews(Protocol):
    async def overview(self) -> Overview:
        """Cheap: a recent look. Raises Unavailable."""


@dataclass(frozen=True)
class Admin:
    jobs: Overviews
    keys: KeyRing
    bounds: Mapping[str, Bounds]  # by tier; a tier without any is not limited
    storage: str  # where pictures are kept, for people
    rooms: Callable[[], Sequence[Room]]


ADMIN = web.AppKey("admin", Admin)


def require_admin(caller: Caller) -> Caller:
    """Raises Forbidden."""
    if not caller.admin:
        raise Forbidden("This key is not an admin's")
    return caller


ENTRANCE = Entrance(
    path="/admin",
    home=HOME,
    title="Imgen for operators",
    hint="The API key of an admin opens the page.",
    button="Open the admin page",
    admit=require_admin,
)


async def admin_of(request: web.Request) -> Caller:
    """Who has the session's key, if it still may. Raises Unauthorized, Forbidden."""
    return require_admin(await holder_of(request))
