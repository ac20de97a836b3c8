"""From an activation to a message, and from a server's reply to an outcome. Pure.

The Message-ID is made of the activation id: SMTP has no idempotency key, but mail stores and many relays drop a second
message of the same id, and the bounce that names it can be traced.
"""
from __future__ import annotations

from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html.parser import HTMLParser

from connectors.delivery import Activation, Deferred, Outcome, Refused
from connectors.delivery.outcomes import LONGEST
from connectors.destinations.smtp.addresses import is_address
from connectors.destinations.smtp.settings import SmtpSettings

_POLICY = SMTP.clone(max_line_length=990)
"""Just below what RFC 5322 allows: to fold a long List-Unsubscribe, `email` would write it as an encoded word, which no
mail client takes for an address."""
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
_UNSEEN = frozenset({"style", "script", "title"})
"""Not the head, whose tags may be left out: of what may stand in it nothing else has text."""


def message_of(activation: Activation, settings: SmtpSettings) -> EmailMessage | Refused:
    """Text and HTML as alternatives; text is made from HTML where there is none."""
    content = activation.content
    address = address_of(activation)
    if not activation.identifier.startswith("email:") or not address.isascii():
        return Refused(why="no e-mail address, or one that needs SMTPUTF8")
    if not is_address(address):
        return Refused(why="no address that mail can be sent to")
    if not content.get("html") and not content.get("text"):
        return Refused(why="no content")
    try:
        message = _message(activation, settings)
        message.as_bytes()
    except (ValueError, IndexError, MessageError):
        return Refused(why="the address, the subject or the text cannot stand in a message")
    return message


def _message(activation: Activation, settings: SmtpSettings) -> EmailMessage:
    content = activation.content
    html, text = content.get("html"), content.get("text")
    message = EmailMessage(policy=_POLICY)
    message["To"] = Address(addr_spec=address_of(activation))
    message["From"] = settings.sender
    message["Subject"] = " ".join(str(content.get("subject", "")).split())
    message["Date"] = format_datetime(datetime.fromtimestamp(activation.at / 1000, UTC))
    message["Message-ID"] = f"<{activation.activation_id}@{settings.domain}>"
    token = settings.seal.token(activation.identifier) if settings.seal else activation.activation_id
    if settings.seal:
        message["X-Audience-Token"] = token
    _unsubscribing(message, token, settings)
    message.set_content(text or text_of(html or ""))
    if html:
        message.add_alternative(html, subtype="html")
    return message


def address_of(activation: Activation) -> str:
    return activation.identifier.partition(":")[2]


def _unsubscribing(message: EmailMessage, token: str, settings: SmtpSettings) -> None:
    """RFC 2369 and, for one click, RFC 8058: the address needs nothing but the POST itself. Bounces and complaints return
    the headers, and the token proves them."""
    ways = []
    if settings.unsubscribe_url:
        ways.append(f"<{settings.unsubscribe_url}{token}>")
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if settings.unsubscribe_mailto:
        ways.append(f"<mailto:{settings.unsubscribe_mailto}?subject={token}>")
    if ways:
        message["List-Unsubscribe"] = ", ".join(ways)


def outcome_of(code: int) -> Outcome:
    """For replies that are no success, RFC 5321, 4.2.1. 530, 534 and 535 say that our credentials are wrong (RFC 4954), 421
    that the server is leaving: neither is about this message."""
    if 500 <= code < 600 and code not in (530, 534, 535):
        return Refused(why=f"SMTP {code}")
    return Deferred(why=f"SMTP {code}")


def reference_of(reply: str, address: str) -> str | None:
    """The server's answer to the message, usually its queue id; None where it quotes the person."""
    said = " ".join(reply.split())
    return said[:LONGEST] if said and address.lower() not in said.lower() else None


def text_of(html: str) -> str:
    """The text that somebody would see who reads it without HTML."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line) + "\n"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "a":
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
