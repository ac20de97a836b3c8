"""From events to an ad platform: whoever permits advertising is in its list, by address, and nobody else is."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from connectors.delivery import Activation, Connector, Delivered
from connectors.delivery.activation import from_record
from connectors.delivery.reading import SettingsReader
from connectors.destinations import google_customer_match, meta_custom_audiences
from schemas.codec import Codec
from streams.task.outputs import AvroSink
from streams.testing import Pipeline
from tests.connectors import test_google_destination as google
from tests.connectors import test_meta_destination as meta
from tests.connectors.platforms import Platform, run
from tests.connectors.recording import Log

DAY = 86_400_000
DEFINITIONS: dict[str, Any] = {
    "segment/carts": {"kind": "segment", "id": "carts", "rule": {"performed": {"event": "Product Added", "within": "1d"}}},
    "campaign/c": {"kind": "campaign", "id": "c", "segment": "carts", "trigger": "both", "status": "live", "channels": {
        "display": {"audience": "cart", "identifiers": ["email", "phone"], "destinations": ["ads"],
                    "purpose": "personalised-ads"}}},
    "destination/ads": {"kind": "destination", "id": "ads", "channel": "display", "connector": "kevel", "settings": {}}}


def says(is_granted: bool) -> dict[str, Any]:
    return {"type": "track", "event": "Consent Preference Updated",
            "properties": {"purposes": {"personalised-ads": is_granted}}}


def shop(people: int = 40) -> Pipeline:
    """Everybody puts something in the cart; every second permits advertising, every fourth not any more later."""
    pipeline = Pipeline(DEFINITIONS, 4)
    for person in range(people):
        said = [{"type": "identify", "traits": {"email": f"P{person}@example.org", "phone": f"+3161234{person:04}"}},
                {"type": "track", "event": "Product Added"}, *[says(True)] * (person % 2 == 0),
                *[says(False)] * (person % 4 == 0)]
        for number, message in enumerate(said):
            pipeline.advance(by=1)
            pipeline.send(message | {"userId": f"u{person}", "messageId": f"{person}/{number}", "timestamp": pipeline.now})
    return pipeline


def told(pipeline: Pipeline) -> list[Activation]:
    """What stands on `activations.display`, read as `audience deliver` reads it."""
    records = AvroSink(Codec(), "test").records(pipeline.collected.outputs, pipeline.plan, pipeline.now)
    return [from_record(Codec().decode("activation", record.value or b"")) for record in records
            if record.topic == "activations.display"]


def to_google(url: str) -> Connector:
    reader = SettingsReader("ads", {**google.GIVEN, "url": url, "token_url": f"{url}/token"}, google.VARIABLES)
    return google_customer_match.GoogleConnector(google_customer_match.read_settings(reader))


def to_meta(url: str) -> Connector:
    given = {**meta.GIVEN, "url": url}
    return meta_custom_audiences.MetaConnector(meta_custom_audiences.read_settings(SettingsReader("ads", given, meta.TOKEN)))


@pytest.mark.parametrize(("answer", "connect", "digest", "audience"), [
    (google.google, to_google, google.digest, "777"), (meta.graph, to_meta, meta.digest_of, "23850")])
def test_the_platforms_list_is_who_is_in_the_segment_and_permits_it(
    answer: Any, connect: Callable[[str], Connector], digest: Callable[[str], str], audience: str,
) -> None:
    pipeline = shop()

    async def play(activations: Sequence[Activation]) -> set[str]:
        async with Platform(answer) as platform:
            log = Log(activations)
            await run(connect(platform.url), log)
            assert len(log.final(Delivered)) == len(activations)
            return platform.members[audience]

    permitting = [person for person in range(40) if person % 4 == 2]
    assert asyncio.run(play(told(pipeline))) == {
        digest(identifier) for person in permitting
        for identifier in (f"email:p{person}@example.org", f"phone:+3161234{person:04}")}
    pipeline.advance(by=2 * DAY)
    assert asyncio.run(play(told(pipeline))) == set()
