"""Deliberate faults in the identity code: what somebody might write by mistake, a passage each."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`passage` occurs once in the module's source."""

    module: str
    passage: str
    instead: str


_RESOLUTION, _SEQUENCER, _OWNERSHIP = "streams.core.resolution", "streams.core.sequencer", "streams.core.ownership"
_SPLITTING, _HANDOVER, _IDENTIFIERS = "streams.core.splitting", "streams.core.handover", "streams.core.identifiers"
_PRECEDENCE, _TERMS = "streams.core.precedence", "streams.core.leaves.terms"

FAULTS = {
    "a limit admits one more": Fault(
        _RESOLUTION, "number > namespaces.row(name).at_most and", "number > namespaces.row(name).at_most + 1 and"),
    "a limit by time never forgets": Fault(_RESOLUTION, "if per is None or at - (attached >> TICKS) < per:", "if True:"),
    "the strongest identifier is left out": Fault(_RESOLUTION, "kept.pop()", "kept.pop(0)"),
    "an anonymous profile survives a known one": Fault(
        _RESOLUTION, "return all(map(is_anonymous, person.identifiers)),", "return False,"),
    "the younger profile survives": Fault(
        _RESOLUTION, "person.identifiers)), person.created, key", "person.identifiers)), -person.created, key"),
    "old evidence joins what was split": Fault(_RESOLUTION, "event_time <= at and sides", "False and sides"),
    "new evidence cannot join what was split": Fault(_RESOLUTION, "event_time <= at and sides", "sides"),
    "a log-in holds from the next millisecond": Fault(_OWNERSHIP, "if since <= event_time:", "if since < event_time:"),
    "old intervals stay with who was absorbed": Fault(_OWNERSHIP, "owner[1] = survivor", "owner[1] = absorbed"),
    "the survivor forgets the other's identifiers": Fault(
        _SEQUENCER, "ruling.person.identifiers |= person.identifiers", "pass"),
    "the survivor does not wait for fragments": Fault(_SEQUENCER, "ruling.expects.append(key)", "pass"),
    "every conflict moves": Fault(_SEQUENCER, "elif row.on_conflict is OnConflict.KEEP or not fits:", "elif not fits:"),
    "who loses an identifier keeps it": Fault(_SEQUENCER, "former.identifiers.pop(identifier, None)", "pass"),
    "a split leaves the owners as they were": Fault(_SPLITTING, "rename(node.owners, key, to)", "pass"),
    "a split is not remembered": Fault(_SPLITTING, "parted=rejoined(person.parted, {number: [0, at]}))", "parted={})"),
    "who was absorbed leaves no forward": Fault(
        _HANDOVER, "tables.profiles.put(profile.key, Forward(to, at + UNDER_WAY))", "tables.profiles.delete(profile.key)"),
    "the event of the log-in stays": Fault(
        _HANDOVER, "entry.event_time >= message.since", "entry.event_time > message.since"),
    "a cut waits for itself": Fault(_HANDOVER, " and source not in later", ""),
    "a cut does not wait for what others wait for": Fault(_HANDOVER, "if origin in cut[-1]:", "if False:"),
    "blocked values are told by their case": Fault(_IDENTIFIERS, "value.lower() in BLOCKED", "value in BLOCKED"),
    "the newer source is believed": Fault(
        _PRECEDENCE, "for place in sorted(newest):", "for place in sorted(newest, reverse=True):"),
    "a superseded source is forgotten": Fault(
        _PRECEDENCE, "fragment.superseded.setdefault(name, {})[kind] = known", "pass"),
    "a removal does not reach weaker sources": Fault(
        _PRECEDENCE, "if removed is not None and setting[1:3] < removed[1:3]:", "if False:"),
    "a removal locks weaker sources out": Fault(
        _PRECEDENCE, "if removed is not None and setting[1:3] < removed[1:3]:", "if removed is not None:"),
    "an unstated source is nobody's": Fault(_PRECEDENCE, "found = platform_of(event)", "found = _told_by(event.source)"),
    "the past goes by the newest": Fault(_TERMS, "_in_turn(columns, order) if order else columns[2]", "columns[2]"),
    "what is settled goes by the newest": Fault(_TERMS, "if last[kinds[place]] != place}", "if place < settled - 1}"),
}
