"""Events over real HTTP: what SDKs post becomes messages that the pipeline accepts, and none is lost that was answered."""
from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from connectors.sources.collector import Collector, application, keys_of, messages_of
from connectors.sources.collector.bodies import MOST
from connectors.sources.collector.server import LARGEST
from streams.core.errors import Misconfigured, Rejected, Retryable
from streams.testing import Pipeline
from tests.connectors.serving import served

AT = 1_767_225_600_000
SEEN = {"anonymousId": "c1", "event": "Seen", "messageId": "m1"}
SHOP = "https://shop.example"


@dataclass(slots=True)
class World:
    """`away`: the next requests that cannot be written."""

    put: list[dict[str, Any]] = field(default_factory=list)
    away: int = 0

    async def take(self, messages: Sequence[dict[str, Any]]) -> None:
        if self.away:
            self.away -= 1
            raise Retryable("the broker is away", after=1)
        self.put += messages

    async def is_there(self) -> bool:
        return not self.away

    def served(self, **how: Any) -> AbstractAsyncContextManager[ClientSession]:
        return served(application(Collector(self.take, self.is_there, clock=lambda: AT, **how)))

    def answers(
        self, *requests: tuple[str, bytes], headers: dict[str, str] | None = None, **how: Any,
    ) -> list[tuple[int, Any]]:
        """Status and body for each, in turn."""
        async def ask() -> list[tuple[int, Any]]:
            found = []
            async with self.served(**how) as session:
                for path, body in requests:
                    async with session.post(path, data=BytesIO(body), headers=headers) as answer:
                        found.append((answer.status, await answer.json() if answer.status != 404 else None))
            return found
        return asyncio.run(ask())


@pytest.fixture
def world() -> World:
    return World()


def body(**fields: Any) -> bytes:
    return orjson.dumps({**SEEN, **fields})


@pytest.mark.parametrize(("call", "kind"), [
    ("track", "track"), ("identify", "identify"), ("page", "page"), ("screen", "screen"), ("group", "group"),
    ("alias", "alias"), ("t", "track"), ("i", "identify"), ("p", "page"), ("s", "screen"), ("g", "group"), ("a", "alias")])
def test_a_call_is_a_message_of_its_type_received_now(world: World, call: str, kind: str) -> None:
    assert world.answers((f"/v1/{call}", body(type="other", receivedAt=1, writeKey="k"))) == [(200, {"success": True})]
    assert world.put == [{**SEEN, "type": kind, "receivedAt": AT}]


def test_messages_of_a_batch_have_what_it_says_unless_they_say_otherwise(world: World) -> None:
    common = {"context": {"app": {"name": "shop"}, "ip": "1.2.3.4"}, "sentAt": AT}
    batch = [{**SEEN, "type": "track"}, {"type": "page", "userId": "u", "messageId": "m2", "context": {"ip": "5.6.7.8"}}]
    assert world.answers(("/v1/batch", orjson.dumps({**common, "batch": batch, "writeKey": "k"})))[0][0] == 200
    assert [message["type"] for message in world.put] == ["track", "page"]
    assert [message["context"]["ip"] for message in world.put] == ["1.2.3.4", "5.6.7.8"]
    assert all(message["context"]["app"] == {"name": "shop"} and message["sentAt"] == AT for message in world.put)


def test_a_clock_that_is_wrong_is_corrected_by_the_time_of_sending() -> None:
    pipeline = Pipeline({})
    [message] = messages_of("track", {**SEEN, "timestamp": AT + 7_200_000, "sentAt": AT + 7_230_000}, AT)
    pipeline.send(message)
    assert known(pipeline)["first_seen"] == known(pipeline)["last_seen"] == AT - 30_000


def test_what_is_sent_again_is_one_event_also_without_an_id() -> None:
    pipeline, bare = Pipeline({}), {"anonymousId": "c1", "event": "Seen"}
    for at, message in enumerate((SEEN, SEEN, bare, bare, {**bare, "timestamp": AT}), start=AT):
        pipeline.send(messages_of("track", message, at)[0])
    assert known(pipeline)["events"] == 3


def known(pipeline: Pipeline) -> dict[str, Any]:
    found = pipeline.profile("cookie:c1")
    assert found is not None
    return found


@pytest.mark.parametrize(("path", "data", "wanted"), [
    ("/v1/track", b"{cut", "bad-json: the body cannot"), ("/v1/track", b'{"a": "\xff"}', "bad-text: the body cannot"),
    ("/v1/track", b"[]", "not-an-object: the body cannot"), ("/v1/batch", b"{}", "batch is no list of objects; expected"),
    ("/v1/track", b'{"a":' * 300 + b"1" + b"}" * 300, "too-deep: the body cannot"),
    ("/v1/batch", b'{"batch": [{}, 1]}', "batch is no list of objects; expected")])
def test_what_is_no_message_is_refused_with_what_was_expected(world: World, path: str, data: bytes, wanted: str) -> None:
    [(status, said)] = world.answers((path, data))
    assert status == 400 and not said["success"] and said["error"].startswith(wanted)
    assert not world.put


def test_what_the_pipeline_will_refuse_goes_to_it_and_is_kept_there(world: World) -> None:
    assert world.answers(("/v1/track", b"{}"), ("/v1/batch", b'{"batch": [{"type": 7}]}'), ("/v1/nonsense", b"{}")) == [
        (200, {"success": True}), (200, {"success": True}), (404, None)]
    assert [message["type"] for message in world.put] == ["track", 7]


def test_a_body_that_is_too_large_is_refused(world: World) -> None:
    [(status, said)] = world.answers(("/v1/track", body(text="x" * LARGEST)))
    assert status == 413 and f"{LARGEST:,} bytes" in said["error"]


def test_a_batch_that_becomes_too_large_with_what_its_messages_share_is_refused_whole(world: World) -> None:
    def batch(messages: int) -> bytes:
        return orjson.dumps({"context": {"x": "y" * 10_000}, "batch": [{"type": "track", **SEEN}] * messages})

    (small, _), (large, said) = world.answers(("/v1/batch", batch(3_000)), ("/v1/batch", batch(8_000)))
    assert (small, large) == (200, 413) and "8,000 messages" in said["error"] and len(world.put) == 3_000


def test_a_batch_of_more_messages_than_kafka_takes_in_time_is_refused_whole(world: World) -> None:
    batches = [("/v1/batch", orjson.dumps({"batch": [{}] * many})) for many in (MOST, MOST + 1)]
    (most, _), (more, said) = world.answers(*batches)
    assert (most, more) == (200, 413) and "10,001 messages" in said["error"] and len(world.put) == MOST


def test_a_body_may_be_compressed_and_is_measured_as_it_is(world: World) -> None:
    small, bomb = gzip.compress(body()), gzip.compress(body(text=" " * LARGEST))
    answers = world.answers(("/v1/track", small), ("/v1/track", bomb), headers={"Content-Encoding": "gzip"})
    assert [status for status, _ in answers] == [200, 413]
    assert [message["event"] for message in world.put] == ["Seen"]


def test_success_is_answered_only_when_it_is_written(world: World) -> None:
    world.away = 1
    (away, _), (there, _) = world.answers(("/v1/track", body()), ("/v1/track", body()))
    assert (away, there) == (503, 200) and len(world.put) == 1


@pytest.mark.parametrize(("user", "own", "wanted"), [
    ("k1:", None, 200), ("k2:x", None, 200), (None, "k1", 200), ("k3:", None, 401), (None, None, 401), (None, "", 401),
    ("k3:", "k2", 200)])
def test_with_write_keys_a_sender_must_have_one(world: World, user: str | None, own: str | None, wanted: int) -> None:
    headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else None
    [(status, _)] = world.answers(("/v1/track", body(writeKey=own)), headers=headers, keys={"k1", "k2"})
    assert status == wanted and len(world.put) == (wanted == 200)


@pytest.mark.parametrize("authorization", ["Basic", "Basic %%%", "Basic /w==", "Basic \u00e9", "Bearer k1"])
def test_an_authorization_of_any_kind_is_no_key(world: World, authorization: str) -> None:
    [(status, _)] = world.answers(("/v1/track", body()), headers={"Authorization": authorization}, keys={"k1"})
    assert status == 401


@pytest.mark.parametrize(("origins", "allowed"), [
    ((SHOP,), SHOP), (("*",), SHOP), (("https://other.example",), None), ((), None)])
def test_scripts_of_pages_may_send_from_origins_that_are_named(
    world: World, origins: Sequence[str], allowed: str | None,
) -> None:
    async def ask() -> list[str | None]:
        async with world.served(origins=origins) as session:
            async with session.options("/v1/t", headers={"Origin": SHOP}) as asked:
                assert asked.status == 204 and "POST" in asked.headers["Access-Control-Allow-Methods"]
            async with session.post("/v1/t", data=body(), headers={"Origin": SHOP, "Content-Type": "text/plain"}) as answer:
                return [each.headers.get("Access-Control-Allow-Origin") for each in (asked, answer)]
    assert asyncio.run(ask()) == [allowed, allowed]


def test_it_says_how_it_is(world: World) -> None:
    async def ask() -> None:
        async with world.served() as session:
            await session.post("/v1/batch", data=orjson.dumps({"batch": [SEEN, SEEN]}))
            async with session.get("/ready") as ready, session.get("/live") as live, session.get("/metrics") as metrics:
                assert (ready.status, live.status) == (200, 200)
                told = await metrics.text()
            assert "audience_collected_total 2.0" in told and 'audience_collect_answers_total{status="200"} 1.0' in told
            world.away = 1
            async with session.get("/ready") as ready:
                assert ready.status == 503
    asyncio.run(ask())


def test_write_keys_are_lines_of_a_file() -> None:
    assert keys_of("# shop\nk1\n\n k2 \n", "keys.txt") == {"k1", "k2"}
    with pytest.raises(Misconfigured, match=r"keys\.txt: no write key"):
        keys_of("\n# none\n", "keys.txt")
    with pytest.raises(Rejected, match="batch is no list"):
        messages_of("batch", {"batch": {}}, AT)
