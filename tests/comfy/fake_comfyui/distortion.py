"""Spoils the results of a run on their way to the service."""

from typing import Any

from aiohttp import MultipartWriter, web

from .behaviour import Behaviour


async def distorted(how: Behaviour, request: web.Request, handler: Any) -> web.StreamResponse:
    if how.results != 200:
        return web.json_response({"error": "no paint"}, status=how.results)
    answer = await handler(request)
    if not isinstance(answer.body, MultipartWriter):
        return answer
    body, boundary = await answer.body.as_bytes(), answer.body.boundary.encode()
    if how.truncates:
        return await _broken_off(request, body, answer.headers["Content-Type"])
    if how.incomplete:
        body = body[: body.rindex(b"\r\n--" + boundary + b"\r\n")] + b"\r\n--" + boundary + b"--"
    if how.corrupts:
        body = _with_other_byte(body, after=b'name="picture-1"')
    return web.Response(body=body, headers={"Content-Type": answer.headers["Content-Type"]})


async def _broken_off(request: web.Request, body: bytes, content_type: str) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": content_type})
    answer.content_length = len(body)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    if request.transport:
        request.transport.abort()
    return answer


def _with_other_byte(body: bytes, *, after: bytes) -> bytes:
    first = body.index(b"\r\n\r\n", body.index(after)) + 4  # of the part's content
    return body[:first] + bytes([body[first] ^ 1]) + body[first + 1 :]
