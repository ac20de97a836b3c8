"""A destination with `hashing` is told digests, whatever its connector is."""
from __future__ import annotations

import asyncio

import orjson
import pytest

from connectors.delivery.hashing import Hashed, hashed
from connectors.delivery.reading import SettingsReader
from connectors.destinations.http import HttpConnector, read_settings
from streams.definitions.bodies import compiled
from tests.connectors.recording import Recorder, activation

DIGEST = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
"""`printf 'test@example.com' | sha256sum`."""


@pytest.mark.parametrize(("algorithm", "digest"), [
    ("sha256", DIGEST), ("md5", "55502f40dc8b7c769880b10874abc9d0"),
    ("sha1", "567159d622ffbb50b11b0efd307be358624a26ee")])
def test_digests_are_lower_case_hex_of_the_value_alone(algorithm: str, digest: str) -> None:
    assert hashed("email:test@example.com", algorithm) == f"email:{digest}"


def test_the_server_is_told_the_digest_only() -> None:
    async def run() -> Recorder:
        async with Recorder() as server:
            settings = read_settings(SettingsReader("hook", {"url": server.url}, {}), compiled)
            connector = Hashed(HttpConnector(settings), "sha256")
            await connector.deliver([activation(0, identifier="email:test@example.com")], 0)
            await connector.close()
        return server

    (received,) = asyncio.run(run()).seen
    assert orjson.loads(received.body)["identifier"] == f"email:{DIGEST}"
    assert b"test@example.com" not in received.body
