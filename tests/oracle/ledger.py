"""Who has which identifier when: the resolution of INTERFACES section 1, one message after the other.

Written from that page alone and as plainly as it reads: no sequencer, no pointers, no fragments, no partitions.
What a person's messages are is answered at the end, from the ledger as it then stands.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.oracle import messages

Message = dict[str, Any]
ALWAYS = -(10**15)
ANONYMOUS = ("cookie", "device_id", "device_ad_id")
CUSTOM, CUSTOM_LIMIT = 4, 5
LIMITS = {"customer_id": 1, "email": 5, "phone": 5, "device_id": 10, "device_ad_id": 10, "cookie": 50}
MOST_SPLITS = 64


class Line(NamedTuple):
    """One line of audit: what happened to the person, and the identifiers or the other person concerned."""

    change: str
    person: int
    identifiers: tuple[str, ...] = ()
    other: int | None = None


def namespace(identifier: str) -> str:
    return identifier.split(":")[0]


@dataclass
class Ledger:
    """`limits`, `per`, `keeps` and `priorities` replace the table's rows: namespace -> at_most, -> ms within which an
    attachment counts, whose on_conflict is `keep`, namespace -> priority.

    An age is (ms of receipt << 20) + place in order of arrival. owned: identifier -> (from, person). born: person ->
    (age, key). held: identifier of a person of now -> age of its attachment. parted: person -> split -> (side, instant)."""

    limits: dict[str, int] = field(default_factory=dict)
    keeps: frozenset[str] = frozenset()
    priorities: dict[str, int] = field(default_factory=dict)
    per: dict[str, int] = field(default_factory=dict)
    audit: list[Line] = field(default_factory=list)
    owned: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    accepted: list[Message] = field(default_factory=list)
    born: dict[int, tuple[int, str]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    parted: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    splits: Counter[str] = field(default_factory=Counter)

    def take(self, message: Message) -> None:
        """The next message, in order of arrival."""
        named = self.named(message)
        if any(m["messageId"] == message["messageId"] and self.named(m)[0] == named[0] for m in self.accepted):
            return
        lines, clock = len(self.audit), messages.received_at(message)
        self.decide(named, messages.event_time(message), (clock << 20) + len(self.accepted), clock)
        if named[1:] == [] and all(named[0] not in earlier["named"] for earlier in self.accepted):
            del self.audit[lines:]
        self.accepted.append({**message, "named": named})

    def decide(self, named: list[str], at: int, age: int, clock: int) -> None:
        """Evidence of the event time `at` that its identifiers are one person, decided on when the clock says `clock`."""
        kept = list(named)
        while len(kept) > 1 and (self._over_limit(kept, at, clock) or self._are_parted(self._persons(kept, at), at)):
            kept.pop()
        persons = self._persons(kept, at)
        person = self._survivor(persons) if persons else self.begin(kept[0], age)
        for other in sorted(persons, key=lambda each: self._seniority(each)):
            if other != person:
                self._absorb(other, person)
        self._attach([each for each in kept if each not in self.owned], person, age)
        for identifier in named[len(kept):]:
            self._leave_out(identifier, person, at, age, clock)

    def begin(self, identifier: str, age: int, generation: int = 0) -> int:
        """A person of that age, named after an identifier."""
        person = len(self.born)
        self.born[person] = age, f"{identifier}\x00{generation}" if generation else identifier
        self.parted[person] = {}
        return person

    def split(self, identifier: str, split_off: Iterable[str], clock: int) -> bool:
        """Those identifiers of the owner's become a person of their own, with their past; False if that cannot be."""
        owner, leaving = self.owner(identifier, clock), set(split_off)
        if owner is None or not leaving or not leaving < self.current(owner):
            return False
        first = min(leaving, key=lambda each: (self._rank(namespace(each)), each))
        self.splits[first] += 1
        person = self.begin(first, min(self.held[each] for each in leaving), self.splits[first])
        for each in leaving:
            self.owned[each] = [(since, person if who == owner else who) for since, who in self.owned[each]]
        self.parted[person] = dict(self.parted[owner])
        number = self.splits.total()
        self.parted[person][number], self.parted[owner][number] = (0, clock), (1, clock)
        self._remember_newest(person, owner)
        self.audit.append(Line("split", owner, tuple(sorted(leaving)), person))
        return True

    def named(self, message: Message) -> list[str]:
        """The identifiers, strongest first; `previousId` as a customer id if it was seen as one, here at the latest."""
        if "named" in message:
            return list(message["named"])
        found = messages.identifiers(message)
        previous = message.get("previousId") if message["type"] == "alias" else None
        if messages.normalised("customer_id", previous) is not None:
            seen = {each for earlier in self.accepted for each in earlier["named"]} | set(found)
            known = f"customer_id:{str(previous).strip()}"
            found.append(known if known in seen else f"cookie:{str(previous).strip()}")
        return sorted(dict.fromkeys(found), key=lambda each: self._rank(namespace(each)))

    def _rank(self, name: str) -> tuple[int, str]:
        """Custom namespaces come fourth, after the phone."""
        default = list(LIMITS).index(name) if name in LIMITS else CUSTOM
        priority = (1, 2, 3, 5, 6, 7)[int(default)] if name in LIMITS else CUSTOM
        return self.priorities.get(name, priority), "" if name in LIMITS else name

    def owner(self, identifier: str, at: int) -> int | None:
        found = [person for since, person in sorted(self.owned.get(identifier, ())) if since <= at]
        return found[-1] if found else None

    def current(self, person: int) -> frozenset[str]:
        return frozenset(i for i, owners in self.owned.items() if max(owners)[1] == person)

    def people(self) -> dict[frozenset[str], frozenset[str]]:
        """Identifiers of each living person -> the ids of their messages, copies counted once."""
        found: dict[int, set[str]] = {}
        for number, message in enumerate(self.accepted):
            owner = self.owner(message["named"][0], messages.event_time(message))
            assert owner is not None
            found.setdefault(owner, set()).add(f"{message['messageId']}#{number}")
        people: dict[frozenset[str], frozenset[str]] = {}
        for person, ids in found.items():
            people[self.current(person)] = people.get(self.current(person), frozenset()) | ids
        return people

    def _persons(self, identifiers: list[str], at: int) -> list[int]:
        return sorted({o for i in identifiers if (o := self.owner(i, at)) is not None})

    def _over_limit(self, identifiers: list[str], at: int, clock: int) -> bool:
        parts = [self.current(person) for person in self._persons(identifiers, at)]
        return self._too_many(parts, {i for i in identifiers if self.owner(i, at) is None}, clock)

    def _too_many(self, parts: list[frozenset[str]], new: set[str], clock: int) -> bool:
        """One person of all this is over a limit, and by the joining: no part of it has as many already."""
        limits = LIMITS | self.limits
        counts = [Counter(namespace(i) for i in part if self._still_counts(i, clock)) for part in parts]
        everything = Counter(map(namespace, new - {i for part in parts for i in part}))
        for count in counts:
            everything += count
        return any(number > limits.get(name, CUSTOM_LIMIT) and all(number > count[name] for count in counts)
                   for name, number in everything.items())

    def _still_counts(self, identifier: str, clock: int) -> bool:
        per = self.per.get(namespace(identifier))
        return per is None or clock - (self.held[identifier] >> 20) < per

    def _are_parted(self, persons: list[int], at: int) -> bool:
        """A split put two of them on different sides, later than this evidence or at its instant."""
        sides = {(split, side) for p in persons for split, (side, instant) in self.parted[p].items() if at <= instant}
        return len(sides) > len({split for split, _ in sides})

    def _survivor(self, persons: list[int]) -> int:
        return min(persons, key=self._seniority)

    def _seniority(self, person: int) -> tuple[bool, int, str]:
        is_known = any(namespace(identifier) not in ANONYMOUS for identifier in self.current(person))
        return not is_known, *self.born[person]

    def _absorb(self, other: int, survivor: int) -> None:
        self.audit.append(Line("merged", survivor, tuple(sorted(self.current(other))), other))
        for owners in self.owned.values():
            owners[:] = [(since, survivor if person == other else person) for since, person in owners]
        one, two = self.parted[survivor], self.parted[other]
        self.parted[survivor] = {
            split: (one | two)[split] for split in one | two if (one | two)[split][0] == (two | one)[split][0]}
        self._remember_newest(survivor)

    def _remember_newest(self, *persons: int) -> None:
        for person in persons:
            self.parted[person] = dict(sorted(self.parted[person].items())[-MOST_SPLITS:])

    def _attach(self, identifiers: list[str], person: int, age: int) -> None:
        for identifier in identifiers:
            self.owned[identifier] = [(ALWAYS, person)]
            self.held[identifier] = age
        if identifiers:
            self.audit.append(Line("attached", person, tuple(identifiers)))

    def _leave_out(self, identifier: str, person: int, at: int, age: int, clock: int) -> None:
        owner = self.owner(identifier, at)
        if owner == person:
            return
        is_kept = namespace(identifier) not in ANONYMOUS or namespace(identifier) in self.keeps
        is_parted = owner is not None and self._are_parted([owner, person], at)
        if is_kept or is_parted or self._too_many([self.current(person)], {identifier}, clock):
            self.audit.append(Line("refused", person, (identifier,), owner))
        elif owner is None:
            self._attach([identifier], person, age)
        else:
            self._move(identifier, person, at)
            if self.owned[identifier][-1] == (at, person):
                self.held[identifier] = age

    def _move(self, identifier: str, person: int, at: int) -> None:
        self.audit.append(Line("moved", person, (identifier,), self.owner(identifier, at)))
        intervals = [each for each in self.owned[identifier] if each[0] != at]
        self.owned[identifier] = sorted([*intervals, (at, person)])
