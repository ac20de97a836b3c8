"""E-mail against a real SMTP server that fails in every way, counted on the server's side."""
from __future__ import annotations

import asyncio
import email
import email.policy
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors.delivery import Activation, Deferred, Delivered, Engine, Limits, Refused
from connectors.delivery.reading import SettingsReader
from connectors.destinations.smtp import SmtpConnector, read_settings
from connectors.destinations.smtp.mapping import message_of, outcome_of, reference_of, text_of
from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Log, Reading, activation, eventually

CONTENT = {"subject": "Still thinking, Zoë?", "html": "<h1>Hi &amp; bye</h1><p>Your <b>cart</b></p>"}
MANY = tuple(activation(number, content=CONTENT) for number in range(45))
IDS = {each.activation_id: 1 for each in MANY}
GIVEN = {"host": "127.0.0.1", "sender": "Shop <news@shop.example>", "tls": "none", "timeout": 0.5,
         "unsubscribe_url": "https://shop.example/u?a=", "unsubscribe_mailto": "out@shop.example"}
QUICK = Limits(shortest=5, longest=40)


@dataclass
class MailServer:
    """`replies` (address -> replies to its first RCPTs); `cuts`: addresses whose first DATA ends the connection. No slots:
    aiosmtpd looks at all attributes, which Python 3.11.2 cannot do where a dataclass made them."""

    replies: dict[str, list[str]] = field(default_factory=dict)
    cuts: set[str] = field(default_factory=set)
    accepted: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    """Replies to the first senders."""

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str],
    ) -> str:
        if self.senders:
            return self.senders.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str],
    ) -> str:
        if waiting := self.replies.get(address):
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        address = envelope.rcpt_tos[0]
        if address in self.cuts:
            self.cuts.remove(address)
            assert server.transport is not None
            server.transport.abort()
            return "451 never heard"
        content = envelope.content
        assert isinstance(content, bytes)
        self.accepted.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 q-77"

    @property
    def ids(self) -> Counter[str]:
        return Counter(str(message["Message-ID"]).strip("<>").partition("@")[0] for message in self.accepted)


async def play(mail: MailServer, activations: Sequence[Activation] = MANY) -> Log:
    log = Log(activations)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mail, hostname="test"), "127.0.0.1", 0)
    async with server, asyncio.timeout(30):
        settings = read_settings(SettingsReader("mail", {**GIVEN, "port": server.sockets[0].getsockname()[1]}, {}))
        engine = Engine("mail", SmtpConnector(settings), Reading(log), QUICK, clock=wall_ms)
        task = asyncio.create_task(engine.run())
        await eventually(lambda: len(log.final(Delivered)) + len(log.final(Refused)) == len(activations) or task.done())
        engine.stop()
        await task
    return log


def test_sends_each_once_with_both_parts_and_one_click_unsubscribing() -> None:
    mail = MailServer()
    log = asyncio.run(play(mail))
    assert mail.ids == IDS and log.final(Delivered) == IDS
    assert {d.outcome for d in log.deliveries} == {Delivered(reference="q-77")}
    message = mail.accepted[0]
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and plain.get_content().split() == ["Hi", "&", "bye", "Your", "cart"]
    assert html is not None and html.get_content().strip() == CONTENT["html"]
    assert message["Subject"] == CONTENT["subject"] and message["To"] == "0@example.org"
    assert message["List-Unsubscribe"] == "<https://shop.example/u?a=a0>, <mailto:out@shop.example?subject=a0>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_greylisting_is_tried_again_and_an_unknown_recipient_refuses_that_one_only() -> None:
    mail = MailServer(replies={"3@example.org": ["451 greylisted"] * 2, "7@example.org": ["550 no such user"]})
    log = asyncio.run(play(mail))
    assert log.final(Deferred) == {"a3": 2} and log.final(Refused) == {"a7": 1}
    assert mail.ids == {name: 1 for name in IDS if name != "a7"}


def test_a_sender_that_is_not_taken_refuses_nobody_and_a_message_too_large_that_one() -> None:
    mail = MailServer(senders=["550 5.7.1 not from you", "553 nor so", "552 5.3.4 too large"])
    log = asyncio.run(play(mail))
    assert log.final(Deferred) == {"a0": 1, "a1": 1} and log.final(Refused) == {"a2": 1}
    assert mail.ids == {name: 1 for name in IDS if name != "a2"}


def test_a_connection_cut_in_mid_batch_loses_and_doubles_nothing() -> None:
    mail = MailServer(cuts={"5@example.org", "30@example.org"})
    log = asyncio.run(play(mail))
    assert mail.ids == IDS and log.final(Delivered) == IDS and log.final(Deferred)["a5"] == 1


def test_a_server_that_says_goodbye_is_asked_again() -> None:
    mail = MailServer(replies={"4@example.org": ["421 closing"]})
    log = asyncio.run(play(mail))
    assert mail.ids == IDS and log.final(Deferred)["a4"] == 1


@pytest.mark.parametrize(("code", "kind"), [
    (421, Deferred), (450, Deferred), (452, Deferred), (530, Deferred), (535, Deferred), (550, Refused), (554, Refused)])
def test_replies_by_their_codes(code: int, kind: type) -> None:
    assert isinstance(outcome_of(code), kind)


def test_a_line_break_in_a_subject_or_an_address_makes_no_header() -> None:
    settings = read_settings(SettingsReader("mail", GIVEN, {}))
    sneaky = activation(1, content={**CONTENT, "subject": "Hi\r\nBcc: x@example.org"})
    message = message_of(sneaky, settings)
    assert isinstance(message, EmailMessage) and message["Bcc"] is None
    assert isinstance(message_of(activation(1, identifier="email:a@b\r\nBcc: x@y", content=CONTENT), settings), Refused)
    assert isinstance(message_of(activation(1, identifier="phone:+3161", content=CONTENT), settings), Refused)


def test_an_address_that_cannot_be_written_to_is_refused_alone_and_its_neighbours_get_one_mail() -> None:
    """Each of these once failed the call it was in, and all others of it were sent again and again."""
    odd = ("<script>@example.org", "a@b@c", "two@x.org,three@x.org", "no-at", "@example.org", "a b@example.org", '"@x.org',
           "", "a@" + "x" * 2_000, "x" * 300 + "@example.org", "a@[1.2.3", "(a)@example.org", "a@b\x00c")
    bad = tuple(activation(100 + n, identifier=f"email:{each}", content=CONTENT) for n, each in enumerate(odd))
    mail = MailServer()
    log = asyncio.run(play(mail, (*MANY[:5], *bad, *MANY[5:])))
    assert {name: mail.ids[name] for name in IDS} == IDS and max(mail.ids.values()) == 1
    assert not log.final(Deferred) and set(log.final(Refused)) == {each.activation_id for each in bad}


@pytest.mark.parametrize("address", [
    "a@b", "ann+tag@example.org", "o'hara@x.co.uk", '"quoted space"@example.org', '"a\\"b"@x.org', "{x}|y=z@ex-ample.org"])
def test_odd_addresses_that_are_right_are_written_to(address: str) -> None:
    settings = read_settings(SettingsReader("mail", GIVEN, {}))
    message = message_of(activation(1, identifier=f"email:{address}", content=CONTENT), settings)
    assert isinstance(message, EmailMessage) and message["To"].addresses[0].addr_spec == address


def test_a_long_unsubscribing_address_is_one_word_on_the_wire() -> None:
    address = f"https://shop.example/{'u' * 120}?a="
    settings = read_settings(SettingsReader("mail", {**GIVEN, "unsubscribe_url": address}, {}))
    message = message_of(activation(1, content=CONTENT), settings)
    assert isinstance(message, EmailMessage)
    assert f"List-Unsubscribe: <{address}a1>, ".encode() in message.as_bytes()


def test_a_reference_that_quotes_the_address_is_not_kept() -> None:
    assert reference_of("2.0.0 queued as 7F", "ann@example.org") == "2.0.0 queued as 7F"
    assert reference_of("Ok for <Ann@Example.org>", "ann@example.org") is None


@pytest.mark.parametrize("html", [
    "<head><title>x</title><style>p{}</style></head><p>a<br>b</p><ul><li>c</li></ul>",
    "<html><head><title>x</title><meta charset=utf-8><body><p>a<br>b<p>c</body></html>",
    "<title>x</title><p>a<br>b<p>c", "<head><style>p{}</style><p>a<p>b<p>c",
    "</title></style><p>a<p>b<style>p{}</style><p>c"])
def test_text_is_what_a_reader_sees(html: str) -> None:
    assert text_of(html) == "a\nb\nc\n"


def test_all_faults_of_the_settings_are_told() -> None:
    given: dict[str, Any] = {"password": {"env": "MISSING"}, "port": "x", "tls": "no", "unsubscribe_url": "http://x"}
    with pytest.raises(Misconfigured) as caught:
        read_settings(SettingsReader("mail", given, {}))
    assert len(caught.value.faults) == 6
