"""What the pipeline must come to, by the simulator's own plain bookkeeping.

Nobody in the shop shares an identifier, so identifiers that are named together are one person's: it takes no rule of the
identity graph to tell.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.demo.facts import BROKEN, Fact, Label, Sent
from streams.demo.segments import SEGMENTS, ExpectedProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the messages noted so far must lead to. `accepted`: distinct messages, without copies."""

    accepted: int
    rejected: int
    copies: int
    labels: Counter[Label]
    people: tuple[ExpectedProfile, ...]
    _of: dict[str, ExpectedProfile] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        of = {identifier: person for person in self.people for identifier in person.identifiers}
        object.__setattr__(self, "_of", of)

    def person(self, identifier: str) -> ExpectedProfile | None:
        """Whose identifier it is; None for one that no accepted message named."""
        return self._of.get(identifier)

    def members(self, segment_id: str, at_ms: int) -> frozenset[frozenset[str]]:
        """The people in the segment at an instant, each by all their identifiers. Not for instants before the last message:
        ask the ledger as of then."""
        is_in = SEGMENTS[segment_id]
        return frozenset(person.identifiers for person in self.people if is_in(person, at_ms))

    def permits(self, identifier: str, purpose: str, since_ms: float, until_ms: float) -> bool:
        """Whether what had been received by some instant from `since_ms` to `until_ms` permitted the purpose. An interval,
        because two partitions do not know the same at the same instant."""
        person = self.person(identifier)
        if person is None:
            return False
        instants = {since_ms, *(fact.received_at for fact in person.facts)}
        return any(_permitted(person, identifier, purpose, at) for at in instants if since_ms <= at <= until_ms)


class Ledger:
    """Takes note of messages as they are sent; what it expects holds for those, also when the shop closes early."""

    def __init__(self) -> None:
        self._labels: Counter[Label] = Counter()
        self._facts: dict[str, list[Fact]] = {}
        self._named: dict[str, set[str]] = {}

    def note(self, sent: Sent) -> None:
        self._labels[sent.label] += 1
        if sent.fact is not None:
            self._join(sent.fact.identifiers)
            self._facts.setdefault(sent.fact.identifiers[0], []).append(sent.fact)

    def expected(self) -> Expected:
        groups = {id(group): group for group in self._named.values()}
        people = tuple(self._person(group) for group in groups.values())
        return Expected(
            accepted=sum(len(person.facts) for person in people),
            rejected=sum(count for label, count in self._labels.items() if label in BROKEN),
            copies=self._labels[Label.COPY], labels=Counter(self._labels), people=people)

    def _join(self, identifiers: Iterable[str]) -> None:
        """Whoever was named together is one group, with all that either was named with before."""
        joined: set[str] = set(identifiers)
        for identifier in tuple(joined):
            joined |= self._named.get(identifier, set())
        for identifier in joined:
            self._named[identifier] = joined

    def _person(self, group: set[str]) -> ExpectedProfile:
        facts = [fact for identifier in group for fact in self._facts.get(identifier, ())]
        return ExpectedProfile(identifiers=frozenset(group), facts=tuple(sorted(facts, key=lambda fact: fact.event_time)))


def _permitted(person: ExpectedProfile, identifier: str, purpose: str, at: float) -> bool:
    """The newest statement, by event time, of those that had been received and were known to be this person's."""
    received = [fact for fact in person.facts if fact.received_at <= at]
    known = _linked(identifier, received)
    stated = [fact.consent[purpose] for fact in received if purpose in fact.consent and known & set(fact.identifiers)]
    return bool(stated) and stated[-1]


def _linked(identifier: str, facts: Iterable[Fact]) -> set[str]:
    """What these facts show to be the same person's as the identifier."""
    named = {fact.identifiers for fact in facts}
    known, before = {identifier}, 0
    while len(known) > before:
        before = len(known)
        known.update(*(names for names in named if known & set(names)))
    return known
