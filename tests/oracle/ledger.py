"""Who has which identifier when: the resolution of INTERFACES section 1, one message after the other.

Written from that page alone and as plainly as it reads: no sequencer, no pointers, no fragments, no partitions.
What a person's messages are is answered at the end, from the ledger as it then stands.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.oracle import messages

Message = dict[str, Any]
ALWAYS = -(10**15)
ANONYMOUS = ("cookie", "device_id", "device_ad_id")
CUSTOM, CUSTOM_LIMIT = 4, 5
LIMITS = {"customer_id": 1, "email": 5, "phone": 5, "device_id": 10, "device_ad_id": 10, "cookie": 50}


def namespace(identifier: str) -> str:
    return identifier.split(":")[0]


@dataclass
class Ledger:
    """`limits`, `keeps` and `priorities` replace the table's rows: namespace -> at_most, whose on_conflict is `keep`,
    namespace -> priority. `audit` has a line per decision: (change, person, identifier)."""

    limits: dict[str, int] = field(default_factory=dict)
    keeps: frozenset[str] = frozenset()
    priorities: dict[str, int] = field(default_factory=dict)
    audit: list[tuple[str, int, str]] = field(default_factory=list)
    owned: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    accepted: list[Message] = field(default_factory=list)
    born: dict[int, int] = field(default_factory=dict)

    def take(self, message: Message) -> None:
        """The next message, in order of arrival."""
        named = self.named(message)
        if any(m["messageId"] == message["messageId"] and self.named(m)[0] == named[0] for m in self.accepted):
            return
        at = messages.event_time(message)
        kept = list(named)
        while len(kept) > 1 and self._over_limit({*self._persons(kept, at)}, kept, at):
            kept.pop()
        person = self._survivor(self._persons(kept, at))
        for other in self._persons(kept, at):
            self._absorb(other, person)
        for identifier in kept:
            if identifier not in self.owned:
                self.audit.append(("attached", person, identifier))
            self.owned.setdefault(identifier, [(ALWAYS, person)])
        for identifier in named[len(kept):]:
            self._leave_out(identifier, person, at)
        self.accepted.append({**message, "named": named})

    def named(self, message: Message) -> list[str]:
        """The identifiers, strongest first; `previousId` as a customer id if it was seen as one."""
        if "named" in message:
            return list(message["named"])
        found = messages.identifiers(message)
        previous = message.get("previousId") if message["type"] == "alias" else None
        if messages.normalised("customer_id", previous) is not None:
            seen = {each for earlier in self.accepted for each in earlier["named"]}
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

    def _over_limit(self, persons: set[int], identifiers: list[str], at: int) -> bool:
        everything = {i for person in persons for i in self.current(person)}
        everything |= {i for i in identifiers if self.owner(i, at) is None}
        return self._too_many(everything)

    def _too_many(self, identifiers: set[str]) -> bool:
        limits = LIMITS | self.limits
        return any(number > limits.get(name, CUSTOM_LIMIT) for name, number in Counter(map(namespace, identifiers)).items())

    def _survivor(self, persons: list[int]) -> int:
        if not persons:
            self.born[len(self.born)] = len(self.accepted)
            return len(self.born) - 1
        known = [p for p in persons if any(namespace(i) not in ANONYMOUS for i in self.current(p))]
        return min(known or persons, key=lambda person: self.born[person])

    def _absorb(self, other: int, survivor: int) -> None:
        if other != survivor:
            self.audit.append(("merged", survivor, f"person-{other}"))
        for owners in self.owned.values():
            owners[:] = [(since, survivor if person == other else person) for since, person in owners]

    def _leave_out(self, identifier: str, person: int, at: int) -> None:
        owner = self.owner(identifier, at)
        if owner == person or namespace(identifier) not in ANONYMOUS or namespace(identifier) in self.keeps:
            self.audit += [("refused", person, identifier)] if owner != person else []
            return
        if self._too_many({*self.current(person), identifier}):
            self.audit.append(("refused", person, identifier))
            return
        self.audit.append(("moved", person, identifier))
        if owner is None:
            self.owned[identifier] = [(ALWAYS, person)]
        else:
            intervals = [each for each in self.owned[identifier] if each[0] != at]
            self.owned[identifier] = [*intervals, (at, person)]
