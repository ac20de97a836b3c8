"""From a message that went out, over the feedback about it, to the next message that does not (law L6).

The message is written as the connector writes it, the feedback comes in over HTTP or a mailbox as it does in production,
and the request is the record that `audience feedback` produces.
"""
from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiohttp import ClientSession

from connectors.sources.feedback import Signal, read_new
from streams.runtime.beside.feedback import request_of
from streams.testing import Pipeline
from tests.connectors.test_feedback import CALLBACK, ONE_CLICK, SENDERS, VARIABLES, World, mail_to, report
from tests.pipeline.test_campaigns import HOUR, NIGHT, QUIET, Person, campaign, reasons, sent, world

Way = Callable[[World, ClientSession, EmailMessage, Path], Awaitable[None]]
PARTITIONS = pytest.mark.parametrize("partitions", [1, 4, 16])


async def press(_: World, session: ClientSession, mail: EmailMessage, __: Path) -> None:
    token = str(mail["List-Unsubscribe"]).partition(">")[0].rpartition("/")[2]
    assert (await session.post(f"/unsubscribe/{token}", data=ONE_CLICK)).status == 200


async def bounce(told: World, _: ClientSession, mail: EmailMessage, folder: Path) -> None:
    (folder / "new").mkdir()
    fields = "Reporting-MTA: dns; mx.example.org\n\nAction: failed\nStatus: 5.1.1\n"
    (folder / "new" / "1").write_bytes(report("delivery-status", fields, mail))
    assert await read_new(folder, SENDERS.identifier, told.tell) == (1, 0)


async def complain(_: World, session: ClientSession, mail: EmailMessage, __: Path) -> None:
    raw = report("feedback-report", "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n", mail, is_whole=True)
    assert (await session.post("/reports", data=raw)).status == 200


async def stop(session: ClientSession, number: str) -> None:
    fields = {"Body": "STOP", "From": number, "MessageSid": "SM1"}
    said = CALLBACK + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.digest(VARIABLES["TWILIO"].encode(), said.encode(), "sha1")).decode()
    assert (await session.post("/twilio/texts", data=fields, headers={"X-Twilio-Signature": signature})).status == 200


def said_of(way: Way, address: str, folder: Path) -> list[Signal]:
    """What the process behind `audience feedback` makes of it."""
    told = World()

    async def run() -> None:
        async with told.served() as session:
            await way(told, session, mail_to(address), folder)

    asyncio.run(run())
    return told.told


def produce(pipeline: Pipeline, signals: list[Signal]) -> None:
    """The records as they come to stand on `privacy.requests`, one more than once as topics have them."""
    for signal in [*signals, *signals]:
        record = request_of(signal, pipeline.now)
        pipeline.request(record["action"], record["identifier"], record["reason"], record["request_id"])


@PARTITIONS
@pytest.mark.parametrize(("way", "reason"), [(press, "unsubscribed"), (bounce, "bounced"), (complain, "complained")])
def test_l6_what_is_said_of_a_mail_stops_the_very_next_one(
    partitions: int, way: Way, reason: str, tmp_path: Path,
) -> None:
    pipeline = world(campaign("c"), partitions=partitions)
    jane, other = Person(pipeline, "jane"), Person(pipeline, "other")
    for person in (jane, other):
        person.becomes(fan=True)
    jane.orders(1)
    [mail] = pipeline.activations("email")
    produce(pipeline, said_of(way, mail.identifier, tmp_path))
    jane.orders(2)
    other.orders(3)
    assert sent(pipeline) == ["1", "3"]
    assert reasons(pipeline) == [f"suppressed: {reason}"]
    jane.becomes(email="new@example.org")
    jane.orders(4)
    assert sent(pipeline)[2:] == ["4"], "the address is suppressed, not the person"


@PARTITIONS
def test_l6_stop_stops_the_very_next_text_and_no_mail(partitions: int) -> None:
    channels = {"sms": {"text": "{{ event.properties.n }}", "purpose": "mail"},
                "email": {"subject": "x", "text": "x", "purpose": "mail"}}
    pipeline = world(campaign("c", channels=channels), partitions=partitions)
    person = Person(pipeline)
    person.becomes(fan=True, phone="+31612345678")
    person.orders(1)
    [text] = pipeline.activations("sms")
    assert text.identifier == "phone:+31612345678"

    async def way(_: World, session: ClientSession, __: EmailMessage, ___: Path) -> None:
        await stop(session, text.identifier.removeprefix("phone:"))

    produce(pipeline, said_of(way, "email:u@example.org", Path()))
    person.orders(2)
    assert [a.content["text"] for a in pipeline.activations("sms")] == ["1"]
    assert reasons(pipeline) == ["suppressed: unsubscribed"]
    assert len(pipeline.activations("email")) == 2


def test_l6_a_message_that_waits_when_the_feedback_comes_is_not_sent(tmp_path: Path) -> None:
    pipeline = world(campaign("c", quiet_hours=QUIET))
    jane = Person(pipeline, "jane")
    jane.becomes(fan=True)
    pipeline.advance(to=NIGHT)
    jane.orders(1)
    produce(pipeline, said_of(press, "email:jane@example.org", tmp_path))
    pipeline.advance(by=24 * HOUR)
    assert not sent(pipeline) and reasons(pipeline) == ["suppressed: unsubscribed"]
