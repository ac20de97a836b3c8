"""What the views on the worker's web server share: the app, the bodies of requests, and refusals."""
from __future__ import annotations

from typing import Any

import orjson
from aiohttp.web import RequestPayloadError
from faust import web
from faust.web.exceptions import WebError


class View(web.View):
    """A view of our app."""

    app: Any
    """An AudienceApp; Faust knows its interface only."""


class RequestRefused(WebError):
    """Faust's views answer it with this HTTP status and, as `error`, this sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence, code=status)
        self.status = status

    def __str__(self) -> str:
        return str(self.detail)


async def body_of(request: Any) -> dict[str, Any]:
    """The JSON object that was sent. Raises RequestRefused where it is none."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise RequestRefused(415, "expected a JSON object with Content-Type: application/json")
    try:
        found = orjson.loads(await request.read() or b"{}")
    except (orjson.JSONDecodeError, RequestPayloadError):
        raise RequestRefused(400, "the body is no JSON; expected an object, for example {}") from None
    if not isinstance(found, dict):
        raise RequestRefused(400, "the body is no object; expected for example {}")
    return found


def only(body: dict[str, Any], *known: str) -> None:
    """Raises RequestRefused if the body has another field."""
    for name in sorted(body.keys() - set(known)):
        raise RequestRefused(400, f"{name}: no such field; expected {' or '.join(known) or 'none'}")
