"""Serves stored pictures to whoever holds a valid link."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web


class File(Protocol):
    @property
    def path(self) -> Path: ...

    @property
    def content_type(self) -> str: ...


class Links(Protocol):
    async def follow(self, key: str, *, expires: str, signature: str) -> File:
        """Raises NotFound for a link that is not ours, was altered, or has expired."""


@dataclass(frozen=True)
class Assets:
    links: Links

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/assets/{key:.+}", self.send)]  # HEAD too

    async def send(self, request: web.Request) -> web.FileResponse:
        file = await self.links.follow(
            request.match_info["key"],
            expires=request.query.get("expires", ""),
            signature=request.query.get("signature", ""),
        )
        return web.FileResponse(
            file.path,
            headers={
                "Content-Type": file.content_type,
                "Content-Disposition": f'inline; filename="{file.path.name}"',
                "Cache-Control": "private, max-age=3600, immutable",
                "X-Content-Type-Options": "nosniff",
            },
        )
