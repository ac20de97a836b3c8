"""Reads the bodies of HTTP requests: whatever a stranger sends, the answer is 400 and no traceback."""
from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

WITHIN = 60.0
"""Seconds for a body. If a chunk is malformed, the server's parser does not tell whoever waits for the rest."""


async def body_of(request: web.Request) -> bytes:
    """HTTPBadRequest if the body is not as its headers say, or not there in time; HTTPRequestEntityTooLarge."""
    try:
        async with asyncio.timeout(WITHIN):
            return await request.read()
    except (web.RequestPayloadError, TimeoutError) as fault:
        raise _unreadable() from fault


async def form_of(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form, files by their names. Raises as `body_of` does."""
    try:
        async with asyncio.timeout(WITHIN):
            fields = await request.post()
    except (web.HTTPException, ConnectionError):
        raise
    except Exception as fault:  # the library states nothing: LookupError of a charset, RuntimeError of an encoding, …
        raise _unreadable() from fault
    return [(name, value.filename if isinstance(value, web.FileField) else str(value)) for name, value in fields.items()]


@web.middleware
async def giving_up(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ends a connection whose body cannot be decoded. Otherwise the server would read on after the answer, log a failure of
    its own, and leave further requests of that connection unanswered."""
    try:
        answer = await handler(request)
    except web.HTTPException as refused:
        _give_up(request, refused)
        raise
    _give_up(request, answer)
    return answer


def _give_up(request: web.Request, answer: web.StreamResponse) -> None:
    if request.content.exception() is not None:
        request.content.feed_eof()
        answer.force_close()


def _unreadable() -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text="the body is not what its headers say: it is cut, or in another encoding")
