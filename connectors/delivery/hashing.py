"""`hashing` of a destination: it is told digests and never the identifiers.

Around the connector, not inside each: one that forgot it would tell everybody's address. Values are hashed as the pipeline
normalises them (e-mail trimmed and in lower case, phone numbers in E.164 with their plus sign), in lower-case hex.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import new

from connectors.delivery.activation import Activation
from connectors.delivery.contract import Connector
from connectors.delivery.outcomes import Outcome

ALGORITHMS = ("md5", "sha1", "sha256")


def hashed(identifier: str, algorithm: str) -> str:
    """`namespace:digest`."""
    namespace, _, value = identifier.partition(":")
    return f"{namespace}:{new(algorithm, value.encode(), usedforsecurity=False).hexdigest()}"


class Hashed:
    """A connector that hands digests to another. The order of an identifier's activations stays."""

    def __init__(self, connector: Connector, algorithm: str) -> None:
        self._connector = connector
        self._algorithm = algorithm

    @property
    def most(self) -> int:
        return self._connector.most

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        told = [replace(each, identifier=hashed(each.identifier, self._algorithm)) for each in batch]
        return await self._connector.deliver(told, at)

    async def close(self) -> None:
        await self._connector.close()
