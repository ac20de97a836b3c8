"""Feedback over real HTTP: who may silence an address, who may not, and that none is lost."""
from __future__ import annotations

import asyncio
import base64
import hmac
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from connectors.delivery.reading import SettingsReader
from connectors.delivery.sealing import Seal
from connectors.destinations.smtp import read_settings
from connectors.destinations.smtp.mapping import message_of
from connectors.sources.feedback import Feedback, Reason, Signal, application, senders_of
from connectors.sources.feedback.reports import read_report
from streams.core.definitions import Destination
from streams.core.errors import Misconfigured, Retryable
from streams.definitions.members import normalised
from tests.connectors.recording import activation
from tests.connectors.serving import served

VARIABLES = {"SEAL": "a long random text", "TWILIO": "12345", "HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
CALLBACK = "https://shop.example/twilio/texts"
JANE = "email:jane@example.org"
AT = 1_614_265_330_000


def destination(name: str, connector: str, **settings: Any) -> Destination:
    return Destination(id=name, channel="email", connector=connector, settings=tuple(settings.items()))


SENDERS = senders_of([
    destination("mail", "smtp", unsubscribe_key={"env": "SEAL"}), destination("old", "smtp", host="x"),
    destination("texts", "sms-http", token={"env": "TWILIO"}, callback=CALLBACK),
    destination("esp", "http", secret={"env": "HOOK"})], VARIABLES)
TOKEN = SENDERS.seals[0].token(JANE)


@dataclass(slots=True)
class World:
    """`away`: the next requests that cannot be written."""

    told: list[Signal] = field(default_factory=list)
    away: int = 0
    url: str = ""

    async def tell(self, signal: Signal) -> None:
        if self.away:
            self.away -= 1
            raise Retryable("the broker is away", after=1)
        self.told.append(signal)

    def served(self) -> AbstractAsyncContextManager[ClientSession]:
        return served(application(Feedback(lambda: SENDERS, self.tell, lambda: AT, normalised)))

    @property
    def said(self) -> list[tuple[str, Reason]]:
        return [(signal.identifier, signal.reason) for signal in self.told]


def test_one_click_unsubscribes_and_a_look_or_a_made_up_link_does_not() -> None:
    async def run() -> None:
        world = World()
        async with world.served() as session:
            looked = await session.get(f"/unsubscribe/{TOKEN}")
            assert looked.status == 200 and "<form" in await looked.text() and not world.told
            assert (await session.post(f"/unsubscribe/{TOKEN}", data={"x": "y"})).status == 400
            wrong = TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B")
            for token in (wrong, "x", "a0", Seal("another key").token(JANE)):
                assert (await session.post(f"/unsubscribe/{token}", data=ONE_CLICK)).status == 404
            assert not world.told
            assert (await session.post(f"/unsubscribe/{TOKEN}", data=ONE_CLICK)).status == 200
            assert world.said == [(JANE, Reason.UNSUBSCRIBED)]
            assert 'audience_feedback_told_total{reason="unsubscribed"} 1.0' in await (await session.get("/metrics")).text()

    asyncio.run(run())


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def test_the_link_and_the_headers_of_a_message_that_was_sent_lead_back_to_its_address() -> None:
    sent = mail_to(JANE)
    url = str(sent["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
    assert "jane" not in url and url == f"https://shop.example/unsubscribe/{TOKEN}"
    assert SENDERS.identifier(url.rpartition("/")[2]) == JANE
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def mail_to(identifier: str) -> EmailMessage:
    settings = read_settings(SettingsReader("mail", {
        "host": "h", "sender": "news@shop.example", "unsubscribe_url": "https://shop.example/unsubscribe/",
        "unsubscribe_key": {"env": "SEAL"}}, VARIABLES))
    message = message_of(activation(1, identifier=identifier, content={"subject": "Hi", "text": "Hello"}), settings)
    assert isinstance(message, EmailMessage)
    return message


def report(kind: str, fields: str, returned: EmailMessage | None, *, is_whole: bool = False) -> bytes:
    """A multipart/report as mail servers write it."""
    text = returned.as_string().replace("\r\n", "\n") if returned is not None else ""
    head, content = ("message/rfc822", text) if is_whole else ("text/rfc822-headers", text.partition("\n\n")[0])
    parts = [("text/plain", "Your message could not be delivered.\n"), (f"message/{kind}", fields)]
    parts += [(head, content)] if returned is not None else []
    body = "".join(f"--b\nContent-Type: {name}\n\n{each}\n" for name, each in parts)
    return (f"Subject: report\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary=b\n\n"
            f"{body}--b--\n").encode()


def bounce(status: str, action: str = "failed", returned: EmailMessage | None = None) -> bytes:
    fields = ("Reporting-MTA: dns; mx.example.org\n\n"
              f"Final-Recipient: rfc822; somebody-else@example.org\nAction: {action}\nStatus: {status}\n")
    return report("delivery-status", fields, mail_to(JANE) if returned is None else returned)


@pytest.mark.parametrize(("status", "action", "is_gone"), [
    ("5.1.1", "failed", True), ("5.1.10 (no such user)", "failed", True), ("5.2.1", "failed", True),
    ("5.2.2", "failed", False), ("5.7.1", "failed", False), ("4.1.1", "delayed", False), ("5.1.1", "relayed", False),
    ("4.4.7", "failed", False), ("", "failed", False)])
def test_a_bounce_suppresses_only_an_address_that_is_gone(status: str, action: str, is_gone: bool) -> None:
    found = read_report(bounce(status, action), SENDERS.identifier)
    assert (found is not None) == is_gone
    assert found is None or (found.identifier, found.reason) == (JANE, Reason.BOUNCED)


@pytest.mark.parametrize(("kind", "reason"), [
    ("abuse", Reason.COMPLAINED), ("Fraud", Reason.COMPLAINED), ("opt-out", Reason.UNSUBSCRIBED), ("not-spam", None)])
def test_a_complaint_suppresses_whom_the_returned_message_was_for(kind: str, reason: Reason | None) -> None:
    raw = report("feedback-report", f"Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n", mail_to(JANE), is_whole=True)
    found = read_report(raw, SENDERS.identifier)
    assert (found and found.reason) == reason
    assert found is None or found.identifier == JANE


def test_a_report_that_does_not_return_a_message_of_ours_silences_nobody() -> None:
    other = EmailMessage()
    other["To"] = "jane@example.org"
    other["X-Audience-Token"] = Seal("another key").token(JANE)
    assert read_report(bounce("5.1.1", returned=other), SENDERS.identifier) is None
    assert read_report(report("delivery-status", "Action: failed\nStatus: 5.1.1\n", None), SENDERS.identifier) is None
    assert read_report(mail_to(JANE).as_bytes(), SENDERS.identifier) is None, "no report, though the token is in it"


@given(st.binary(max_size=300), st.integers(0, 2000))
def test_no_bytes_upset_the_reader_of_reports(noise: bytes, cut: int) -> None:
    raw = bounce("5.1.1")
    read_report(noise, SENDERS.identifier)
    read_report(raw[:cut] + noise + raw[cut:], SENDERS.identifier)


def test_a_report_that_is_piped_again_is_the_same_request() -> None:
    async def run() -> World:
        world = World()
        async with world.served() as session:
            raw = bounce("5.1.1")
            assert [(await session.post("/reports", data=raw)).status for _ in range(2)] == [200, 200]
            assert (await session.post("/reports", data=b"spam")).status == 204
        return world

    first, again = asyncio.run(run()).told
    assert first == again


def test_the_sender_is_told_to_come_again_while_nothing_can_be_written() -> None:
    async def run() -> None:
        world = World(away=1)
        async with world.served() as session:
            away = await session.post(f"/unsubscribe/{TOKEN}", data=ONE_CLICK)
            assert (away.status, away.headers["Retry-After"]) == (503, "1")
            assert (await session.post(f"/unsubscribe/{TOKEN}", data=ONE_CLICK)).status == 200
            assert len(world.told) == 1

    asyncio.run(run())


def test_a_callback_counts_only_if_twilio_signed_it_for_this_destination() -> None:
    fields = {"Body": "STOP", "From": "+15005550001", "MessageSid": "SM1", "Media": ""}

    def signed(url: str, token: str) -> dict[str, str]:
        said = url + "".join(name + fields[name] for name in sorted(fields))
        return {"X-Twilio-Signature": base64.b64encode(hmac.digest(token.encode(), said.encode(), "sha1")).decode()}

    async def run() -> None:
        world = World()
        async with world.served() as session:
            for path, headers in (("texts", {}), ("texts", signed(CALLBACK, "guess")), ("mail", signed(CALLBACK, "12345")),
                                  ("texts", signed("http://127.0.0.1/twilio/texts", "12345"))):
                assert (await session.post(f"/twilio/{path}", data=fields, headers=headers)).status == 403
            assert not world.told
            good = await session.post("/twilio/texts", data=fields, headers=signed(CALLBACK, "12345"))
            assert good.status == 200 and world.said == [("phone:+15005550001", Reason.UNSUBSCRIBED)]

    asyncio.run(run())


PEOPLE = ("customer_id:u1", "email: C@X.com ", JANE, "phone:+31 6 12345678")
NOBODY = ("phone:0612345678", "email:null", "cookie:", "cookie:a\x00b", ":x", 7, None)


def test_a_partner_suppresses_with_its_destinations_secret_and_any_of_the_four_reasons() -> None:
    def signed(body: bytes, name: str) -> dict[str, str]:
        digest = hmac.digest(SENDERS.webhooks["esp"], f"{name}.{AT // 1000}.".encode() + body, "sha256")
        return {"webhook-id": name, "webhook-timestamp": str(AT // 1000),
                "webhook-signature": "v1," + base64.b64encode(digest).decode()}

    async def run() -> World:
        world = World()
        async with world.served() as session:
            for number, (identifier, reason) in enumerate(zip(PEOPLE, Reason, strict=True)):
                body = orjson.dumps({"identifier": identifier, "reason": reason})
                assert (await session.post("/webhooks/esp", data=body, headers=signed(body, f"m{number}"))).status == 200
                assert (await session.post("/webhooks/esp", data=body)).status == 403
                assert (await session.post("/webhooks/mail", data=body, headers=signed(body, "m"))).status == 403
            for body in (b"{}", b"[]", b"x", orjson.dumps({"identifier": "nobody", "reason": "bounced"}),
                         orjson.dumps({"identifier": JANE, "reason": "bored"}),
                         *(orjson.dumps({"identifier": each, "reason": "bounced"}) for each in NOBODY)):
                assert (await session.post("/webhooks/esp", data=body, headers=signed(body, "m9"))).status == 400
        return world

    world = asyncio.run(run())
    assert [who for who, _ in world.said] == ["customer_id:u1", "email:c@x.com", JANE, "phone:+31612345678"]
    assert [why for _, why in world.said] == list(Reason) and len({each.id for each in world.told}) == 4


def test_secrets_that_are_missing_are_named_and_shown_nowhere() -> None:
    with pytest.raises(Misconfigured, match=r"mail: settings\.unsubscribe_key") as caught:
        senders_of([destination("mail", "smtp", unsubscribe_key={"env": "NONE"}),
                    destination("esp", "http", secret={"env": "HOOK"})], {"HOOK": "whsec_x"})
    assert len(caught.value.faults) == 2 and "12345" not in repr(SENDERS) and "MfKQ" not in repr(SENDERS)


@given(st.text(min_size=1, max_size=60))
def test_a_token_is_opened_by_its_own_seal_only(identifier: str) -> None:
    seal = Seal("one")
    assert seal.identifier(seal.token(identifier)) == identifier
    assert Seal("two").identifier(seal.token(identifier)) is None
