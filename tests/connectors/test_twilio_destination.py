"""Text messages against a local server that answers as Twilio documents, and as it should not."""
from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from connectors.delivery import Deferred, Delivered, Engine, Limits, Outcome, Refused
from connectors.delivery.asking import Response
from connectors.delivery.reading import SettingsReader
from connectors.destinations import http
from connectors.destinations.twilio import TwilioConnector, read_settings
from connectors.destinations.twilio.mapping import form_of, read_answer
from streams.core.errors import Misconfigured
from streams.definitions.bodies import compiled
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Log, Reading, Recorder, activation, eventually

MANY = tuple(activation(number, identifier=f"phone:+3161234{number:04}", content={"text": f"Hi {number} é"})
             for number in range(30))
IDS = {each.activation_id: 1 for each in MANY}
GIVEN: dict[str, Any] = {"provider": "twilio", "account": "AC1", "token": {"env": "TOKEN"}, "sender": "+15005550006",
                         "timeout": 10}


async def play(faults: dict[str, list[web.Response | None]]) -> tuple[Counter[str], Log]:
    """`faults`: the first answers to a number, None for a connection that is cut. The texts that were accepted."""
    sent: Counter[str] = Counter()

    async def receive(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Basic QUMxOnNlY3JldA=="
        form = await request.post()
        if waiting := faults.get(str(form["To"])[-2:]):
            answer = waiting.pop(0)
            if answer is None and request.transport is not None:
                request.transport.abort()
            return answer or web.Response()
        assert form["From"] == GIVEN["sender"]
        sent[str(form["Body"])] += 1
        return web.json_response({"sid": "SM1", "status": "queued"}, status=201)

    app = web.Application()
    app.router.add_post("/2010-04-01/Accounts/AC1/Messages.json", receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    log = Log(MANY)
    connector = TwilioConnector(read_settings(SettingsReader("texts", {**GIVEN, "url": url}, {"TOKEN": "secret"})))
    engine = Engine("texts", connector, Reading(log), Limits(shortest=5, longest=40), clock=wall_ms)
    task = asyncio.create_task(engine.run())
    async with asyncio.timeout(30):
        await eventually(lambda: len(log.final(Delivered)) + len(log.final(Refused)) == len(MANY) or task.done())
    engine.stop()
    await task
    await runner.cleanup()
    return sent, log


def test_sends_each_text_once_and_keeps_the_sid() -> None:
    sent, log = asyncio.run(play({}))
    assert sent == {f"Hi {n} é": 1 for n in range(30)} and log.final(Delivered) == IDS
    assert {d.outcome for d in log.deliveries} == {Delivered(reference="SM1")}


def test_through_every_fault_nothing_is_lost_or_doubled() -> None:
    unsubscribed = web.json_response({"code": 21610, "message": "about +31612340007"}, status=400)
    sent, log = asyncio.run(play({
        "03": [web.Response(status=429), web.Response(status=500)], "05": [None], "07": [unsubscribed],
        "09": [web.Response(text="<html>a proxy's page</html>")], "11": [web.Response(status=401)]}))
    assert sent == {f"Hi {n} é": 1 for n in range(30) if n != 7}
    assert log.final(Deferred) == {"a3": 2, "a5": 1, "a9": 1, "a11": 1}
    assert [d.outcome for d in log.deliveries if isinstance(d.outcome, Refused)] == [Refused(why="Twilio 21610")]


@pytest.mark.parametrize(("status", "retry_after", "body", "outcome"), [
    (201, None, b'{"sid": "SM1"}', Delivered(reference="SM1")),
    (429, "2", b'{"code": 20429}', Deferred(why="HTTP 429", until=3000)),
    (503, "Thu, 01 Jan 1970 00:00:05 GMT", b"", Deferred(why="HTTP 503", until=5000)),
    (503, "soon", b"", Deferred(why="HTTP 503")),
    (400, None, b'{"code": 21211}', Refused(why="Twilio 21211")),
    *((400, None, b'{"code": %d}' % code, Deferred(why=f"Twilio {code}", to_mend=True))
      for code in (20003, 63038, 21212, 21603, 21606, 21611, 21659, 21660, 21661, 21703)),
    *((201, None, body, Deferred(why="HTTP 201 without a sid: not Twilio's answer"))
      for body in (b'{"sid": 5}', b'{"sid": ["a"]}', b'{"sid": ""}')),
    (400, None, b'{"code": [21603]}', Refused(why="HTTP 400")),
    (400, None, b"[]", Refused(why="HTTP 400")),
])
def test_answers(status: int, retry_after: str | None, body: bytes, outcome: Outcome) -> None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    assert read_answer(Response(status=status, headers=headers, body=body), 1000) == outcome


def test_what_cannot_be_texted_is_refused() -> None:
    for given in ({"identifier": "email:a@b"}, {"content": {}}, {"content": {"text": "x" * 1601}}):
        good: dict[str, Any] = {"identifier": "phone:+316", "content": {"text": "x"}}
        assert isinstance(form_of(activation(1, **{**good, **given}), "+1"), Refused)
    assert form_of(activation(1, identifier="phone:+316", content={"text": "x"}), "MG7") == {
        "To": "+316", "MessagingServiceSid": "MG7", "Body": "x"}


def test_all_faults_of_the_settings_are_told() -> None:
    with pytest.raises(Misconfigured) as caught:
        read_settings(SettingsReader("texts", {"provider": "x", "token": {"env": "MISSING"}, "acount": "AC1"}, {}))
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize("account", ["", "AC1/../..", "AC 1", "AC1?x=", "A\u20ac", "a:b"])
def test_an_account_stays_within_its_part_of_the_path(account: str) -> None:
    with pytest.raises(Misconfigured, match="account"):
        read_settings(SettingsReader("texts", {
            "provider": "twilio", "account": account, "token": {"env": "T"}, "sender": "+1"}, {"T": "t"}))


def test_another_gateway_is_reached_with_a_body_of_its_own() -> None:
    """Any that takes a POST: the connector `http` with the gateway's fields and its key."""
    given = {"content_type": "application/x-www-form-urlencoded", "headers": {"Authorization": {"env": "KEY"}},
             "body": "to={{ identifier.partition(':')[2] | urlencode }}&text={{ content.text | urlencode }}"}

    async def run() -> Recorder:
        async with Recorder() as gateway:
            settings = http.read_settings(SettingsReader("texts", {**given, "url": gateway.url}, {"KEY": "App 7"}), compiled)
            connector = http.HttpConnector(settings)
            assert await connector.deliver(MANY[:1], 0) == [Delivered()]
            await connector.close()
        return gateway

    (received,) = asyncio.run(run()).seen
    assert (received.request.headers["Authorization"], received.request.content_type) == ("App 7", given["content_type"])
    assert parse_qs(received.body.decode()) == {"to": [MANY[0].identifier.partition(":")[2]], "text": ["Hi 0 é"]}
