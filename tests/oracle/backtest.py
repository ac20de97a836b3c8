"""`audience backtest`, as slowly as it can be done: for each message the whole population is judged anew.

    python -m tests.oracle.backtest backtest EVENTS --definitions DIR --output DIR [--until TIME] [--definitions-at TIME=DIR]

Writes profiles.jsonl, memberships.jsonl, identity.jsonl and rejected.jsonl, so that the conformance runner takes it for
the product: that is how the oracle itself is judged. It activates nothing.
"""
from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from streams.core.values import Json
from tests.oracle import messages
from tests.oracle.computed import computed, iso
from tests.oracle.instants import instants
from tests.oracle.ledger import Ledger
from tests.oracle.person import Person, stored_traits
from tests.oracle.rules import holds

Message = dict[str, Json]
FAR = 10**15


def of_kind(documents: list[Message], kind: str) -> dict[str, Message]:
    return {each["id"]: each for each in documents if each["kind"] == kind}


def ledger_of(documents: list[Message]) -> Ledger:
    """The table of namespaces as the identity document changes it."""
    stated = [each.get("namespaces", {}) for each in of_kind(documents, "identity").values()]
    rows = {name: row for each in stated for name, row in each.items()}
    return Ledger(
        limits={name: row["limit"]["at_most"] for name, row in rows.items() if "limit" in row},
        keeps=frozenset(name for name, row in rows.items() if row.get("on_conflict") == "keep"),
        priorities={name: row["priority"] for name, row in rows.items() if "priority" in row},
    )


def believed(documents: list[Message]) -> dict[str, list[str]]:
    """Trait -> sources, the strongest first, and "" for all others; as the identity document says."""
    [stated] = [each.get("traits", {}) for each in of_kind(documents, "identity").values()] or [{}]
    by_trait = {name: [] if order == "newest" else order for name, order in stated.get("by_trait", {}).items()}
    return {"": stated.get("sources", []), **by_trait}


@dataclass
class Population:
    """Everybody, under the definitions in force. `memberships`: (at, segment, person, entered, identifiers)."""

    documents: list[Message]
    ledger: Ledger
    now: int = 0
    inside: dict[int, set[str]] = field(default_factory=dict)
    memberships: list[tuple[int, str, int, bool, list[str]]] = field(default_factory=list)

    def advance(self, to: int, *, through: bool = False) -> None:
        """The clock goes to just before `to` (or `through` it): only time changes anything."""
        everybody = self.people()
        due = {at for person in everybody.values() for at in instants(self.documents, person.messages)}
        for at in sorted(at for at in due if self.now <= at < to + through):
            self.now = at
            self.judge(everybody)

    def receive(self, message: Message) -> None:
        self.now = messages.received_at(message)
        self.ledger.take(message)
        self.judge(self.people())

    def redefine(self, documents: list[Message], at: int) -> None:
        self.documents, self.now = documents, at
        self.judge(self.people())

    def split(self, identifier: str, split_off: list[str]) -> None:
        """Now; nothing where that cannot be."""
        self.ledger.split(identifier, split_off, self.now)
        self.judge(self.people())

    def people(self) -> dict[int, Person]:
        """Person -> everything known of them, for those who own a message or an identifier now."""
        theirs: dict[int, list[Message]] = {}
        for message in self.ledger.accepted:
            owner = self.ledger.owner(message["named"][0], messages.event_time(message))
            assert owner is not None
            theirs.setdefault(owner, []).append(message)
        traits = of_kind(self.documents, "computed-trait")
        believes = believed(self.documents)
        return {who: Person(found, self.ledger.current(who), traits, believes) for who, found in sorted(theirs.items())}

    def judge(self, everybody: dict[int, Person]) -> None:
        """Compares everybody's segments with those they were in. The lines of the absorbed simply end; whoever lost
        all events to another, identifier by identifier, leaves what he was in."""
        segments = of_kind(self.documents, "segment")
        absorbed = {line.other for line in self.ledger.audit if line.change == "merged"}
        for gone in sorted(self.inside.keys() - everybody.keys()):
            left = self.inside.pop(gone) if gone not in absorbed else set()
            self.memberships += [(self.now, segment, gone, False, []) for segment in sorted(left)]
            self.inside.pop(gone, None)
        for who, person in everybody.items():
            before, named = self.inside.get(who, set()), sorted(person.identifiers)
            after = {name for name, each in segments.items() if holds(each["rule"], person, self.now, segments)}
            for segment in sorted(before ^ after):
                self.memberships.append((self.now, segment, who, segment in after, named))
            self.inside[who] = after

    def traits(self, person: Person) -> Message:
        values = {name: computed(person, each, self.now) for name, each in person.computed.items()}
        return {name: value for name, value in {**stored_traits(person, self.now), **values}.items() if value is not None}


def readable(lines: list[str]) -> tuple[list[Message], list[Message]]:
    """The messages in order of receivedAt, and a line of rejected.jsonl for each that is none."""
    found, rejected = [], []
    for number, line in enumerate(lines, 1):
        message = _message(line)
        if _is_acceptable(message):
            found.append(message)
        else:
            rejected.append({"line": number, "reason": "not by the oracle", "message_id": message.get("messageId")})
    return sorted(found, key=messages.received_at), rejected


def _message(line: str) -> Message:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(message, dict):
        return {}
    if message.get("receivedAt") is None:
        message["receivedAt"] = message.get("timestamp")
    if not message.get("messageId"):
        content = {name: value for name, value in message.items() if name not in ("receivedAt", "sentAt")}
        message["messageId"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return message


def _is_acceptable(message: Message) -> bool:
    if message.get("type") not in (*messages.COUNTED, "alias", "group"):
        return False
    return bool(message["type"] != "track" or message.get("event")) and bool(messages.identifiers(message))


def run(
    lines: list[str], documents: list[Message], until: int | None = None,
    later: list[tuple[int, list[Message]]] | None = None,
) -> tuple[Population, list[Message]]:
    """The population at the end of the clock, and what was rejected."""
    everyone, later = Population(documents, ledger_of(documents)), list(later or [])
    accepted, rejected = readable(lines)
    for message in accepted:
        _redefine(everyone, later, messages.received_at(message))
        everyone.advance(messages.received_at(message))
        everyone.receive(message)
    if until is not None:
        _redefine(everyone, later, until)
        everyone.advance(until, through=True)
        everyone.now = max(until, everyone.now)
    return everyone, rejected


def _redefine(everyone: Population, later: list[tuple[int, list[Message]]], until: int) -> None:
    while later and later[0][0] <= until:
        at, documents = later.pop(0)
        everyone.advance(at)
        everyone.redefine(documents, at)


def documents_in(folder: Path) -> list[Message]:
    return [
        document for file in sorted(folder.glob("*.yaml")) for document in yaml.safe_load_all(file.read_text()) if document
    ]


def write(everyone: Population, rejected: list[Message], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    profiles = [
        {
            "profile_id": f"person-{who}", "identifiers": sorted(person.identifiers), "traits": everyone.traits(person),
            "segments": sorted(everyone.inside[who]), "events": len(person.messages),
            "first_seen": iso(person.first_event()), "last_seen": iso(max(map(messages.event_time, person.messages))),
        }
        for who, person in everyone.people().items()
    ]
    lines = [
        {
            "at": iso(at), "segment": segment, "profile_id": f"person-{who}", "identifiers": named, "cause": "event",
            "because": "", "change": "entered" if entered else "exited",
        }
        for at, segment, who, entered, named in everyone.memberships
    ]
    audit = [{"change": line.change, "profile_id": f"person-{line.person}", "with": [*line.identifiers]}
             for line in everyone.ledger.audit]
    for name, rows in (("profiles", profiles), ("memberships", lines), ("identity", audit), ("rejected", rejected)):
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["backtest"])
    parser.add_argument("events", type=Path)
    parser.add_argument("--definitions", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--until")
    parser.add_argument("--definitions-at", action="append", default=[])
    asked, _ = parser.parse_known_args(arguments)
    switches = (switch.partition("=") for switch in asked.definitions_at)
    later = [(messages.instant(at) or FAR, documents_in(Path(folder))) for at, _, folder in switches]
    lines = asked.events.read_text().splitlines()
    write(*run(lines, documents_in(asked.definitions), messages.instant(asked.until), later), asked.output)


if __name__ == "__main__":
    main()
