"""Reads records of the input topics into messages."""
from __future__ import annotations

from collections.abc import Callable, Collection

import orjson

from schemas.codec import Codec
from schemas.errors import Undecodable
from streams.core.errors import Rejected
from streams.core.events import Event
from streams.core.identifiers import Namespaces
from streams.core.intake import Intake, Message, received
from streams.core.messages import Arrive, Resolve
from streams.core.press import Pressed
from streams.core.redaction import Redaction
from streams.core.requests import Asked, Split
from streams.core.tables import Entry
from streams.definitions.members import normalised
from streams.definitions.phones import phone_number
from streams.task.publishing import document_of
from streams.task.wire import Applied, Revise, Staged, Taken, Wired
from streams.task.wire import decode as decode_command
from streams.unit import Inbound

REPLAYED = "audience-replayed"
COLLECTED = "audience-collected"
"""Header of what anybody outside may have sent: no number of such dead letters ends a worker."""
EVENT_TOPICS = frozenset({"events.hits", "events.interactions"})
SCHEMAS = {"commands": "command", "definitions": "definition", "privacy.requests": "privacy_request"}
ASKED_AT_HOME = frozenset({"suppress", "unsuppress", "erase", "export"})
REMEMBERED = 20_000
LARGEST_REQUEST, LONGEST_REASON = 1 << 20, 1_000
"""Bytes of a request, far more than the longest split takes; characters of its reason, which profiles keep."""
LONGEST_NAME = 100_000
"""Characters of a definition's key, and of a campaign's state; no definition has so many, and what is cut is refused."""


class Reader:
    """Reads a task's input. Messages that `frontier` had to decode are not decoded again."""

    def __init__(
        self, codec: Codec, namespaces: Namespaces, next_arrival: Callable[[int], int], keyed: Callable[[str], str],
    ) -> None:
        self._codec, self._next_arrival, self._keyed = codec, next_arrival, keyed
        self.decode = codec.decode_event
        self.intake = Intake(namespaces, phone_number)
        self._decoded: dict[tuple[str, int], Message] = {}

    def frontier(self, record: Inbound) -> int:
        """The instant of receipt that the record states; its own time where it states none, or nonsense.

        Of a command or a definition it is the sender's clock: what waits for another task's backlog is not behind this
        one's."""
        value = record.value
        if not value or (value[:1] == b"{" and b'"receivedAt"' not in value):
            return record.at
        try:
            if record.topic in EVENT_TOPICS:
                return received(self._remember(record, self._codec.decode_event(value)), record.at)
            schema = SCHEMAS.get(record.topic)
            return int(self._remember(record, self._codec.decode(schema, value))["at"]) if schema else record.at
        except (Undecodable, Rejected):
            return record.at

    def _remember(self, record: Inbound, decoded: Message) -> Message:
        if len(self._decoded) < REMEMBERED:
            self._decoded[record.topic, record.offset] = decoded
        return decoded

    def read(self, record: Inbound, wall: int) -> tuple[Taken, int] | None:
        """The message of a record and the instant it is handled at; None where it asks for nothing, as the end of a
        version that is no longer kept does.

        Raises Rejected or Undecodable."""
        if record.topic in EVENT_TOPICS:
            return self._event(record, wall)
        if record.value is None and record.topic == "definitions" and b"@" in (record.key or b""):
            return None
        if record.value is None:
            raise Rejected("a record without value; expected none on this topic")
        schema = SCHEMAS.get(record.topic)
        if schema is None:
            raise Rejected(f"no stage takes records of {record.topic} in this version")
        row = self._decoded.pop((record.topic, record.offset), None) or self._codec.decode(schema, record.value)
        match schema:
            case "command":
                return decode_command(row, self.reread)
            case "privacy_request":
                if len(record.value) > LARGEST_REQUEST:
                    raise Rejected(f"the request has more than {LARGEST_REQUEST:,} bytes")
                return self._request(row, min(row["at"], wall))
            case _:
                return self._definition(record, row, min(row["at"], wall))

    def _request(self, row: Message, at: int) -> tuple[Wired, int]:
        """The open end of the control path: a further action is one more case here. Raises Rejected."""
        if row["action"] in ASKED_AT_HOME:
            return Asked(row["request_id"], row["action"], _named(row["identifier"]), _short(row["reason"])), at
        if row["action"] == "split":
            leaving = dict.fromkeys(map(_named, row["split_off"]))
            return Split(row["request_id"], _named(row["identifier"]), tuple(leaving)), at
        raise Rejected(f"no stage takes requests to {row['action']} in this version")

    def reread(self, entry: Entry, is_replayed: bool = False) -> Event:
        """The event that a message was when it was accepted."""
        message = self._codec.decode_event(entry.raw)
        event = self.intake.read(message, entry.raw, entry.received_at, entry.arrival, entry.identifiers)
        event.is_replayed = is_replayed
        return event

    def redaction(self, identifiers: Collection[str]) -> Redaction:
        """What takes these identifiers out; their pseudonyms are keyed hashes that only this deployment can make."""
        return Redaction(identifiers, lambda identifier: f"erased-{self._keyed(f'erased{chr(0)}{identifier}')[:12]}")

    def redact(self, event: Event, identifiers: Collection[str]) -> Event:
        """See `Context.redact`. Never raises: of an event that cannot be read without them its kind, name and time stay."""
        left = tuple(each for each in event.identifiers if each not in identifiers) or event.identifiers
        try:
            message = self._codec.decode_event(event.raw)
            return self._reread_as(self.redaction(identifiers).message(message), event, left)
        except (Rejected, Undecodable, orjson.JSONEncodeError):
            return self._reread_as({"type": event.kind, "event": event.name, "timestamp": event.event_time}, event, left)

    def _reread_as(self, message: Message, event: Event, identifiers: tuple[str, ...]) -> Event:
        raw = orjson.dumps({**message, "messageId": event.message_id})
        entry = Entry(event.arrival, event.event_time, event.received_at, "", identifiers, raw)
        return self.reread(entry, event.is_replayed)

    def _event(self, record: Inbound, wall: int) -> tuple[Wired, int]:
        if record.value is None:
            raise Rejected("a record without value; expected a message")
        message = self._decoded.pop((record.topic, record.offset), None) if self._decoded else None
        if message is None:
            message = self.decode(record.value)
        at = received(message, record.at) if "receivedAt" in message else record.at
        if at > wall:
            at = wall
        event = self.intake.read(message, record.value, at, self._next_arrival(at))
        if record.headers:
            event.is_replayed = any(name == REPLAYED for name, _ in record.headers)
        if event.kind == "alias":
            previous = self.intake.previous(message)
            if previous is not None:
                return Resolve(event, *previous), at
        return Arrive(event), at

    def _definition(self, record: Inbound, row: Message, at: int) -> tuple[Applied, int] | None:
        """None for the record of a version, which is kept for rolling back; what is to be in force is in its head."""
        if b"@" in (record.key or b""):
            return None
        if row["kind"] == "revision":
            return Applied(Revise(row["revision"])), at
        press = Pressed(**row["press"]) if row["press"] else None
        key = f"{row['kind']}/{row['id']}"[:LONGEST_NAME]
        staged = Staged(key, document_of(row), row["version"], row["state"] and row["state"][:LONGEST_NAME], press)
        return Applied(staged), at


def _short(reason: str | None) -> str | None:
    return reason and reason[:LONGEST_REASON]


def _named(written: str) -> str:
    """The identifier as messages give it, whatever is blocked today; empty if no message could have it."""
    return normalised(written) or ""
