"""One HTTP exchange as destinations need it: an answer, or why there is none. Connections are kept between calls.

Redirections are not followed: credentials are for one address.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, StreamReader

from connectors.delivery.outcomes import Deferred
from streams.core.values import Json

READ = 1024 * 1024
"""Bytes of an answer that are read, so that the connection can be used again; what is longer closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Names of `headers` in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> str | None:
        return self.headers.get("Retry-After")

    def fields(self) -> dict[str, Json]:
        """The fields of the JSON object in the body; none if it holds anything else."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


class Http:
    """`timeout` in seconds, for a whole exchange."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._session: ClientSession | None = None

    async def ask(self, method: str, url: str, **request: Any) -> Response | Deferred:
        """`request` as aiohttp takes it: data, json, headers, params."""
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=self._timeout))
        try:
            async with self._session.request(method, url, allow_redirects=False, **request) as answer:
                return Response(status=answer.status, headers=answer.headers, body=await _read(answer.content))
        except TimeoutError:
            return Deferred(why=f"no answer within {self._timeout:g} s")
        except (ClientError, OSError) as failure:
            return Deferred(why=f"connection: {type(failure).__name__}")

    async def close(self) -> None:
        """Lets go of the connections; the next `ask` opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _read(content: StreamReader) -> bytes:
    """To its end, or READ bytes of it: one call gives what has come so far."""
    body = bytearray()
    while len(body) < READ and (part := await content.read(READ - len(body))):
        body += part
    return bytes(body)
