"""Makes the records of what the stages tell the world.

`audiences.memberships` gets one record an identifier and unit of work, `profiles` one a profile: whoever changed twice
within a unit is told once, as it ended."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from operator import attrgetter
from typing import Any, Protocol, TypeAlias, assert_never

import orjson

from schemas.codec import Codec
from streams.core.bounds import LARGEST
from streams.core.outputs import (
    Activation,
    Answered,
    Curtailed,
    IdentityChanged,
    MembershipChanged,
    MembershipsNow,
    Output,
    ProfileGone,
    ProfileSeen,
    Refused,
    Suppressed,
    Unrenderable,
)
from streams.core.profile import Profile
from streams.core.requests import Receipt
from streams.core.resolution import CAPS
from streams.core.segments.plan import Plan
from streams.core.tables import UNDER_WAY, WATCHED_FOR
from streams.core.values import Json
from streams.task.views import view
from streams.topology import MIB, TOPICS, log_segment_of
from streams.unit import Inbound, Outbound

AGEING = {each.name: (each.retention + log_segment_of(each.retention)) // timedelta(milliseconds=1) for each in TOPICS
          if each.retention is not None and each.name != "privacy.receipts"}
"""The topics on which records of an erased person age out, and ms until the last is gone, as declared; receipts never name
anybody."""
MOST_OF_A_VIEW = LARGEST // 2
"""Bytes of JSON, of traits and of consent each."""
LARGEST_LETTER = 7 * MIB
"""Bytes of a record that becomes a dead letter."""


class Sink(Protocol):
    """Takes what a unit of work said and gives the records that say it."""

    def records(self, outputs: Iterable[Output], plan: Plan, at: int) -> list[Outbound]: ...

    def dead_letter(self, record: Inbound, reason: str, stage: str, at: int) -> list[Outbound]: ...


def decided(outputs: Iterable[Output]) -> Counter[str]:
    """Lines of the audit log by their change; `capped` for refusals because a profile may not grow any more."""
    lines = (output for output in outputs if isinstance(output, IdentityChanged))
    return Counter("capped" if line.reason in CAPS else line.change for line in lines)


def refused(outputs: Iterable[Output]) -> Counter[str]:
    """Events of erased people, by the reason for which they were refused."""
    return Counter(output.reason for output in outputs if isinstance(output, Refused))


Lettered: TypeAlias = Curtailed | Refused | Unrenderable
"""What becomes a dead letter."""


def letter(output: Lettered) -> tuple[Inbound, str, str]:
    """The record, the reason and the stage of a dead letter that was no record of a topic (offset -1): a message that could
    not be rendered; the keyed hash of the erased person whose event was refused, without its bytes; or what a profile
    lost."""
    match output:
        case Unrenderable(channel=channel, profile_id=profile_id, reason=reason):
            value = orjson.dumps({name: getattr(output, name) for name in output.__dataclass_fields__})
            return Inbound(f"activations.{channel}", -1, -1, profile_id.encode(), value, output.at), reason, "render"
        case Refused(topic=topic, mark=mark, reason=reason):
            return Inbound(topic, -1, -1, mark.encode(), None, output.at), reason, "erased"
        case Curtailed(profile_id=profile_id, dropped=dropped):
            said = ", ".join(f"{number:,} {kind}" for kind, number in sorted(dropped.items()))
            reason = (f"the profile took more than {LARGEST >> 20} MiB; its largest values were dropped: {said}. Look for "
                      "who sends so much of one person")
            return Inbound("profiles", -1, -1, profile_id.encode(), orjson.dumps(dropped), output.at), reason, "bounds"


def unread(revision: int, partition: int, at: int) -> Inbound:
    """A revision that a task cannot read, as the record of a dead letter (offset -1)."""
    return Inbound("definitions", partition, -1, f"revision {revision}".encode(), None, at)


class Collected:
    """Keeps what the stages say as objects, in order, and makes no records: for `Pipeline` and tests."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.rejected: list[tuple[Inbound, str]] = []

    def records(self, outputs: Iterable[Output], plan: Plan, at: int) -> list[Outbound]:
        for output in outputs:
            if isinstance(output, Lettered):
                self.rejected.append(letter(output)[:2])
            else:
                self.outputs.append(output)
        return []

    def dead_letter(self, record: Inbound, reason: str, stage: str, at: int) -> list[Outbound]:
        self.rejected.append((record, reason))
        return []


class AvroSink:
    """Records in the schemas of the topics."""

    def __init__(self, codec: Codec, version: str, ageing: Mapping[str, int] = AGEING) -> None:
        self._codec, self._version = codec, version
        self._ageing = {**ageing, "what others said": UNDER_WAY + WATCHED_FOR}

    def records(self, outputs: Iterable[Output], plan: Plan, at: int) -> list[Outbound]:
        found: list[Outbound] = []
        newest: dict[tuple[str, str], Outbound] = {}
        for output in outputs:
            record = self._record(output, plan, at)
            if record is None:
                continue
            if record.topic in ("audiences.memberships", "profiles"):
                newest[record.topic, record.key.decode()] = record
            else:
                found.append(record)
        return found + list(newest.values())

    def dead_letter(self, record: Inbound, reason: str, stage: str, at: int) -> list[Outbound]:
        """Without its bytes where no record could hold them and what is said of them; no topic of events takes so many."""
        if (size := _size(record)) > LARGEST_LETTER:
            reason = f"{reason}; its {size:,} bytes are too many to be kept"
            record = record._replace(key=None, value=None, headers=())
        value = self._codec.encode("dead_letter", {
            "key": record.key, "value": record.value, "topic": record.topic, "partition": record.partition,
            "offset": record.offset, "reason": reason, "stage": stage, "version": self._version, "at": at,
            "headers": [{"name": name, "value": content} for name, content in record.headers]})
        return [Outbound("dead-letters", record.key or b"", value)]

    def _record(self, output: Output, plan: Plan, at: int) -> Outbound | None:
        encode = self._codec.encode
        match output:
            case MembershipChanged():
                return Outbound("audiences.changes", output.profile_id.encode(),
                                self._codec.encode_object("audience_change", output))
            case MembershipsNow(identifier, segments, moment):
                value = None if segments is None else encode(
                    "memberships", {"identifier": identifier, "segments": segments, "at": moment})
                return Outbound("audiences.memberships", identifier.encode(), value)
            case Activation():
                fields = dict(zip(_ACTIVATION, _activation(output), strict=True))
                fields["content"] = orjson.dumps(output.content).decode()
                return Outbound(f"activations.{output.channel}", output.identifier.encode(),
                                encode("activation", fields))
            case IdentityChanged():
                return Outbound("identity.changes", output.profile_id.encode(),
                                self._codec.encode_object("identity_change", output))
            case ProfileSeen(profile):
                return Outbound("profiles", profile.profile_id.encode(), encode("profile", _view(profile, plan, at)))
            case ProfileGone(profile_id):
                return Outbound("profiles", profile_id.encode(), None)
            case Receipt():
                fields = _receipt(output, self._ageing)
                return Outbound("privacy.receipts", output.request_id.encode(), encode("privacy_receipt", fields))
            case Answered():
                return Outbound("segments.answers", output.request_id.encode(), encode("segment_answer", {
                    "request_id": output.request_id, "partition": output.partition,
                    "body": orjson.dumps(output.body).decode(), "at": output.at}))
            case Suppressed():
                return None
            case Curtailed() | Refused() | Unrenderable():
                return self.dead_letter(*letter(output), output.at)[0]
            case _:
                assert_never(output)


def _view(profile: Profile, plan: Plan, at: int) -> dict[str, Json]:
    fields = view(plan, profile, max(at, profile.now))
    return fields | {"traits": _as_text(fields["traits"]), "consent": _as_text(fields["consent"])}


def _size(record: Inbound) -> int:
    return len(record.key or b"") + len(record.value or b"") + sum(len(name) + len(said) for name, said in record.headers)


def _as_text(said: Any) -> str:
    """As JSON; without the largest values if no record would hold it, for a control character takes six bytes."""
    text = orjson.dumps(said)
    if len(text) > MOST_OF_A_VIEW:
        sizes = {name: len(orjson.dumps({name: value})) for name, value in said.items()}
        excess = len(text) - MOST_OF_A_VIEW
        for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
            if excess <= 0:
                break
            del said[name]
            excess -= sizes[name] - 2
        text = orjson.dumps(said)
    return text.decode()


def _receipt(output: Receipt, ageing: Mapping[str, int]) -> dict[str, Json]:
    ageing = ageing if output.action == "erase" and output.outcome == "done" else {}
    places = [{"place": place, "records": output.places.get(place, 0),
               "gone_by": output.at + ageing[place] if place in ageing else None}
              for place in dict.fromkeys((*output.places, *ageing))]
    return {"request_id": output.request_id, "action": output.action, "outcome": output.outcome,
            "profile_id": output.profile_id, "places": places, "reason": output.reason, "at": output.at}


_ACTIVATION = tuple(Activation.__dataclass_fields__)
_activation = attrgetter(*_ACTIVATION)
