"""What was sent to a process that listens over HTTP, read: whatever a stranger sends, the answer is 400 and no traceback."""
from __future__ import annotations

from aiohttp import web


async def body_of(request: web.Request) -> bytes:
    """HTTPBadRequest where it is not as its headers say, HTTPRequestEntityTooLarge."""
    try:
        return await request.read()
    except web.RequestPayloadError as fault:
        raise _unreadable(request) from fault


async def form_of(request: web.Request) -> list[tuple[str, str]]:
    """Its fields, as `body_of`; files by their names."""
    try:
        fields = await request.post()
    except (web.HTTPException, ConnectionError):
        raise
    except Exception as fault:  # the library states nothing: LookupError of a charset, RuntimeError of an encoding, …
        raise _unreadable(request) from fault
    return [(name, value.filename if isinstance(value, web.FileField) else str(value)) for name, value in fields.items()]


def _unreadable(request: web.Request) -> web.HTTPBadRequest:
    request.content.feed_eof()  # else the server reads on, and fails at the same place
    refused = web.HTTPBadRequest(text="the body is not what its headers say: it is cut, or in another encoding")
    refused.force_close()
    return refused
