"""How an identifier came to its owner: the audit log (`identity.changes`), read back for one identifier.

The sequencer's graph knows what is; the log knows why, since when, and what was refused. It tells only what is still in the
log, and nothing of an identifier that was always alone."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from streams.core.outputs import IdentityChanged

ORDER = ("merged", "attached", "moved", "refused", "split", "erased")
"""The order of the lines of one decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two identifiers that one event named together. change: attached, merged, moved or refused; is_cut: they are two
    people's now."""

    one: str
    other: str
    change: str
    decision: int
    event_id: str
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A living profile; identifiers: those that these decisions tell of, in the order in which they came."""

    profile_id: str
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """changes: every decision about the profiles that have or had the identifier, and about those that they absorbed, in the
    realm's order. owners: the present one first; if its profile was erased, none of them has it."""

    identifier: str
    profile_id: str | None
    changes: tuple[IdentityChanged, ...]
    owners: tuple[Owner, ...]
    links: tuple[Link, ...]


def trace(log: Iterable[IdentityChanged], identifier: str) -> Lineage | None:
    """The lineage, from lines in any order; None where no line names the identifier."""
    lines = sorted(log, key=lambda line: (line.decision, ORDER.index(line.change)))
    changes = _about(lines, identifier)
    if not changes:
        return None
    replay = _Replay()
    for _, decision in groupby(changes, key=lambda line: line.decision):
        replay.follow(list(decision))
    mine = replay.owner.get(identifier)
    owners = [Owner(profile_id=key, identifiers=tuple(members)) for key, members in replay.members.items() if members]
    return Lineage(
        identifier=identifier, profile_id=mine, changes=tuple(changes),
        owners=tuple(sorted(owners, key=lambda owner: owner.profile_id != mine)), links=tuple(replay.judged()))


def names(line: IdentityChanged, identifier: str) -> bool:
    """True if the decision was about this identifier, or by its evidence."""
    return identifier in line.identifiers or identifier in line.evidence


def _about(lines: Sequence[IdentityChanged], identifier: str) -> list[IdentityChanged]:
    """A profile that was refused the identifier never had it: only that line of it is told."""
    wanted: set[str] = set()
    for line in lines:
        if not names(line, identifier):
            continue
        if line.change != "refused" or identifier in line.evidence:
            wanted.add(line.profile_id)
        if line.other_profile_id and identifier in line.identifiers:
            wanted.add(line.other_profile_id)
    _add_kin(lines, wanted)
    return [line for line in lines if names(line, identifier) or line.profile_id in wanted
            or (line.change == "moved" and line.other_profile_id in wanted)]


def _add_kin(lines: Sequence[IdentityChanged], wanted: set[str]) -> None:
    """Whom these profiles absorbed, and who absorbed them."""
    kin: dict[str, list[str]] = {}
    for line in lines:
        if line.change == "merged" and line.other_profile_id:
            kin.setdefault(line.profile_id, []).append(line.other_profile_id)
            kin.setdefault(line.other_profile_id, []).append(line.profile_id)
    pending = list(wanted)
    while pending:
        for each in kin.get(pending.pop(), ()):
            if each not in wanted:
                wanted.add(each)
                pending.append(each)


@dataclass(slots=True)
class _Replay:
    """Who has what, decision by decision."""

    owner: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, None]] = field(default_factory=dict)
    links: list[tuple[str, str, IdentityChanged]] = field(default_factory=list)

    def follow(self, decision: Sequence[IdentityChanged]) -> None:
        """The lines of one decision: they have one profile and one evidence."""
        gained = {i for line in decision if line.change in ("attached", "merged") for i in line.identifiers}
        first = decision[0]
        for identifier in first.evidence:
            if identifier not in gained and identifier not in self.owner:
                self._give(identifier, first.profile_id)
        base = next((i for i in first.evidence if i not in gained), None) or next(iter(first.evidence), None)
        for line in decision:
            self._carry_out(line)
            if base is not None:
                self._link(base, line)

    def _carry_out(self, line: IdentityChanged) -> None:
        other = line.other_profile_id or ""
        match line.change:
            case "attached":
                self._give_all(line.identifiers, line.profile_id)
            case "merged":
                self._give_all([*self.members.get(other, ()), *line.identifiers], line.profile_id)
            case "moved" if line.until is None:
                self._give_all(line.identifiers, line.profile_id)
            case "split":
                self._give_all(line.identifiers, other)
            case "erased":
                for identifier in line.identifiers or list(self.members.get(line.profile_id, ())):
                    self._take(identifier)

    def _link(self, base: str, line: IdentityChanged) -> None:
        """An absorbed profile is linked by the one identifier that the evidence named, all others by themselves."""
        linked = line.identifiers
        if line.change == "merged":
            linked = [i for i in line.evidence if i in linked][:1] or linked[:1]
        self.links += [(base, identifier, line) for identifier in linked if identifier != base]

    def judged(self) -> Iterable[Link]:
        for one, other, line in self.links:
            yield Link(one=one, other=other, change=line.change, decision=line.decision, event_id=line.event_id,
                       is_cut=self.owner.get(one) is None or self.owner.get(one) != self.owner.get(other))

    def _give_all(self, identifiers: Sequence[str], to: str) -> None:
        for identifier in identifiers:
            self._give(identifier, to)

    def _give(self, identifier: str, to: str) -> None:
        self._take(identifier)
        self.owner[identifier] = to
        self.members.setdefault(to, {})[identifier] = None

    def _take(self, identifier: str) -> None:
        former = self.owner.pop(identifier, None)
        if former is not None:
            del self.members[former][identifier]
