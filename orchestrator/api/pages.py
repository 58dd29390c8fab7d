"""Answers for people in a browser: pages under a strict policy, and the files that they use."""

from aiohttp import web

from orchestrator.errors import NotFound
from orchestrator.web import STATIC, render

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
KEPT = "public, max-age=31536000, immutable"  # its URL changes with it


def routes() -> list[web.RouteDef]:
    return [web.get(r"/static/{name:[\w.-]+}", send)]


def page(template: str, *, status: int = 200, **values: object) -> web.Response:
    return web.Response(
        text=render(template, **values), status=status, content_type="text/html", headers=GUARDS
    )


def led_to(url: str) -> web.Response:
    """`url` is ours."""
    return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


async def send(request: web.Request) -> web.Response:
    """Raises NotFound."""
    file = STATIC.get(request.match_info["name"])
    if file is None:
        raise NotFound
    return web.Response(
        body=file.content,
        headers={
            "Content-Type": f"{file.content_type}; charset=utf-8",
            "Cache-Control": KEPT,
            "X-Content-Type-Options": "nosniff",
        },
    )
