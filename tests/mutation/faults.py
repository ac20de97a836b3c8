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
_PRECEDENCE, _TERMS = "streams.core.precedence", "streams.core.segments.leaves.terms"
_BARRING, _ERASING, _ARRIVAL, _VACATING = (
    f"streams.core.{name}" for name in ("barring", "erasing", "arrival", "vacating"))
_REDACTIONS = "streams.task.redactions"

IDENTITY = {
    "a limit admits one more": Fault(
        _RESOLUTION, "number > namespaces.row(name).at_most and", "number > namespaces.row(name).at_most + 1 and"),
    "a limit by time never forgets": Fault(
        _RESOLUTION, "if name not in periods or at - (attached >> TICKS) < periods[name]:", "if True:"),
    "the strongest identifier is left out": Fault(_RESOLUTION, "kept.pop()", "kept.pop(0)"),
    "an anonymous profile survives a known one": Fault(
        _RESOLUTION, "return all(map(is_anonymous, person.identifiers)),", "return False,"),
    "the younger profile survives": Fault(
        _RESOLUTION, "person.identifiers)), person.created, key", "person.identifiers)), -person.created, key"),
    "old evidence joins what was split": Fault(_RESOLUTION, "event_time <= at and sides", "False and sides"),
    "new evidence cannot join what was split": Fault(_RESOLUTION, "event_time <= at and sides", "sides"),
    "a log-in holds from the next millisecond": Fault(_OWNERSHIP, "if since <= event_time:", "if since < event_time:"),
    "old intervals stay with who was absorbed": Fault(
        _OWNERSHIP, "interval[OWNER] = survivor", "interval[OWNER] = absorbed"),
    "the survivor forgets the other's identifiers": Fault(
        _SEQUENCER, "ruling.person.identifiers |= person.identifiers", "pass"),
    "the survivor does not wait for fragments": Fault(_SEQUENCER, "ruling.expects.append(key)", "pass"),
    "every conflict moves": Fault(_SEQUENCER, "if row.on_conflict is OnConflict.KEEP:", "if False:"),
    "who loses an identifier keeps it": Fault(_SEQUENCER, "former.identifiers.pop(identifier, None)", "pass"),
    "a split leaves the owners as they were": Fault(
        "streams.core.transferring", "rename(node.owners, key, to)", "pass"),
    "a split is not remembered": Fault(_SPLITTING, "parted=rejoined(person.parted, {number: [0, at]}))", "parted={})"),
    "who was absorbed leaves no forward": Fault(
        _HANDOVER, "leave_forward(tables, profile, to, at)", "tables.profiles.delete(profile.key)"),
    "the event of the log-in stays": Fault(
        _HANDOVER, "entry.event_time >= message.since", "entry.event_time > message.since"),
    "a cut waits for itself": Fault(_HANDOVER, " and source not in later", ""),
    "a cut does not wait for what others wait for": Fault(_HANDOVER, "if origin in expected:", "if False:"),
    "a hit under way stays with the former ownership": Fault(
        "streams.core.profiling", "return message.fragment != fragment_key(", "return False and fragment_key("),
    "a key is used twice": Fault(_VACATING, "if identifier == name else 0) + 1", "if identifier == name else 0)"),
    "others keep a key that names the forgotten": Fault(
        "streams.core.expiry", "*rename_others(context, others, number, message.at, RENAMING), ", ""),
    "what is forgotten is unsaid": Fault(_HANDOVER, "remember(stays, old, {entry.arrival for entry in given})", "pass"),
    "a move is named like a profile": Fault(
        _SEQUENCER, 'source = f"moved\\x00{ruling.number}\\x00{identifier}"',
        "source = fragment_key(identifier, node.epochs)"),
    "blocked values are told by their case": Fault(_IDENTIFIERS, "value.lower() in BLOCKED", "value in BLOCKED"),
    "the newer source is believed": Fault(
        _PRECEDENCE, "for place in sorted(newest):", "for place in sorted(newest, reverse=True):"),
    "a superseded source is forgotten": Fault(
        _PRECEDENCE, "fragment.superseded.setdefault(name, {})[kind] = known", "pass"),
    "a removal does not reach weaker sources": Fault(
        _PRECEDENCE, "if removed is not None and when(statement) < when(removed):", "if False:"),
    "a removal locks weaker sources out": Fault(
        _PRECEDENCE, "if removed is not None and when(statement) < when(removed):", "if removed is not None:"),
    "an unstated source is nobody's": Fault(_PRECEDENCE, "found = platform_of(event)", "found = _told_by(event.source)"),
    "the past goes by the newest": Fault(_TERMS, "_in_turn(columns, self.order) if self.order else stated", "stated"),
    "what is settled goes by the newest": Fault(_TERMS, "if last[kinds[place]] != place}", "if place < settled - 1}"),
}

ERASURE = {
    "old events count once the identifier is off the list": Fault(
        _BARRING, "(event_time <= row.until or not row.is_lifted)", "not row.is_lifted"),
    "an event of the very instant is a later one": Fault(
        _BARRING, "(event_time <= row.until or", "(event_time < row.until or"),
    "later events count at once": Fault(_BARRING, "or not row.is_lifted)", ")"),
    "who comes back owns the past": Fault(_BARRING, "BEGINNING if row is None else row.until + 1", "BEGINNING"),
    "an event is refused to the others whom it names": Fault(_BARRING, "    if left:", "    if False:"),
    "a lone visitor comes back beside the graph": Fault(_ARRIVAL, " and not barring.is_known(context, subject)", ""),
    "an erased customer comes back as a cookie": Fault(
        _ARRIVAL, "or barring.is_known(context, message.as_customer)", "or None"),
    "an event keeps what is erased on its way round": Fault(
        _ARRIVAL, "if _is_nobodys(pointer, profile, event.event_time) and", "if False and"),
    "rows go before all has come": Fault(_ERASING, "    if profile.handovers:\n        return []\n", ""),
    "what comes late to the erased stays": Fault(_HANDOVER, "    if profile.standing == ERASED:", "    if False:"),
    "the list keeps who is erased": Fault(_ERASING, "    node.suppressed = []", "    pass"),
    "others keep a key that names the erased": Fault(
        _ERASING, "*rename_others(context, named_after(context, had), number, at, RENAMING), ", ""),
    "what others said stays": Fault(_VACATING, "return [Redact(identifier), *", "return [*"),
    "the walk ends with the events": Fault(_REDACTIONS, 'elif table == "timeline":', "elif False:"),
    "what passes the walk stays": Fault(
        _REDACTIONS, "for found in (each.without(own) for each in self._watched):", "for found in ():"),
    "a bounce writes the erased down again": Fault(
        "streams.core.suppression", " and not barring.is_listed(context, identifier)", ""),
}
FAULTS = IDENTITY | ERASURE
