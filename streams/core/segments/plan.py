"""Definitions compiled: what an event touches, which segments a leaf decides, and in which order.

Shared by all profiles of a worker; the only thing that changes is a bounded cache of event names. Two plans of the same
definitions have the same leaf ids, so state fits both."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from streams.core.definitions import Definitions, Segment
from streams.core.events import Event
from streams.core.intervals import BEGINNING, FOREVER
from streams.core.profile import Entries, Profile
from streams.core.segments.comparisons import Regex
from streams.core.segments.compilation import Compiler
from streams.core.segments.cost import Cost, cost_of
from streams.core.segments.formula import Decide, Formula, Holds, compile_decision, compile_formula, leaves_of, segments_of
from streams.core.segments.leaves.leaf import Leaf, Source, digest
from streams.core.segments.leaves.terms import Term
from streams.core.segments.matching import matches_name
from streams.core.segments.vocabulary import Vocabulary

Listener: TypeAlias = tuple[Callable[[dict[str, Entries], Event], int], tuple[str, ...]]
"""A source's `fold`, and the leaves to judge again for what it returns."""

MOST_NAMES, LONGEST_NAME = 4_096, 200
"""Event names remembered with their listeners; names come from outside, so the cache is emptied when full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSegment:
    """position: among the definitions. leaves: ids, each once. uses: segments that its rule names."""

    id: str
    version: int
    position: int
    formula: Formula
    holds: Holds
    decide: Decide
    leaves: tuple[str, ...]
    uses: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Plan:
    """The definitions of one revision, ready to fold events and judge profiles by."""

    revision: int
    definitions: Definitions
    segments: dict[str, CompiledSegment]
    """In the order of the definitions."""
    order: dict[str, int]
    """Segment id -> rank: what a segment uses comes before it."""
    users: dict[str, tuple[str, ...]]
    """Segment id -> segments that use it."""
    leaves: dict[str, Leaf]
    over: dict[str, tuple[str, ...]]
    """Leaf id -> segments whose rule names it."""
    sources: dict[str, Source]
    source_set: str
    """Stands for the set of sources, see `Fragment.plan`."""
    computed: dict[str, Term]

    by_trait: dict[str, tuple[str, ...]]
    by_purpose: dict[str, tuple[str, ...]]
    """With `by_trait`: leaves to judge again when the trait is set or consent to the purpose stated."""
    identity_leaves: tuple[str, ...]
    """To be judged again when the profile's identifiers change."""
    birth_leaves: tuple[str, ...]
    """To be judged again when an event before all others comes in."""

    blank: frozenset[str]
    """Leaves that hold for a profile of which nothing is known."""
    personal: tuple[str, ...]
    """Leaves of which that cannot be said beforehand."""
    blank_members: tuple[str, ...] = ()
    """Segments that a profile of which nothing is known is in."""

    settings: dict[str, tuple[Listener, ...]]
    """Trait -> what folds its settings."""
    exact: dict[str, list[Listener]] = field(default_factory=dict)
    """Event name -> what folds events of that name."""
    patterns: list[tuple[str, Listener]] = field(default_factory=list)
    """What folds events whose name fits a pattern."""
    known: dict[str, tuple[Listener, ...]] = field(default_factory=dict)
    """Event name -> its listeners, as looked up before."""

    def listeners(self, name: str) -> tuple[Listener, ...]:
        """What folds a counted event of this name."""
        found = self.known.get(name)
        if found is None:
            if len(self.known) >= MOST_NAMES:
                self.known.clear()
            patterns = [listener for pattern, listener in self.patterns if matches_name(pattern, name)]
            found = tuple(dict.fromkeys([*self.exact.get(name, ()), *patterns]))
            if len(name) <= LONGEST_NAME:
                self.known[name] = found
        return found

    def with_users(self, segments: Iterable[str]) -> set[str]:
        """These segments and all that rest on them through `in_segment`, however indirectly."""
        return _closure(segments, lambda segment: self.users.get(segment, ()))

    def with_used(self, segments: Iterable[str]) -> list[str]:
        """These segments and all that they rest on, each after what it uses itself."""
        return sorted(_closure(segments, lambda segment: self.segments[segment].uses), key=self.order.__getitem__)

    def members(self, segments: Iterable[str], truth: Set[str]) -> dict[str, None]:
        """Which of these segments hold where these leaves hold and no other; each segment comes after those it uses."""
        members: dict[str, None] = {}
        for segment in segments:
            if self.segments[segment].holds(truth, members):
                members[segment] = None
        return members

    def cost(self, segment: str) -> Cost:
        """The bound on what this segment's leaves keep per fragment, and what shares them. KeyError if there is none."""
        of = self.segments[segment]
        others = {name: self._leaves(name) for name in self.segments if name != segment}
        return cost_of(self._leaves(segment), others, of.uses)

    def _leaves(self, segment: str) -> list[Leaf]:
        return [self.leaves[leaf] for leaf in self.segments[segment].leaves]


def compile_plan(definitions: Definitions, regex: Regex) -> Plan:
    """Raises ValueError for an `in_segment` that leads nowhere or round in a circle, which the loader checks before."""
    vocabulary = Vocabulary(definitions.computed_traits, definitions.precedence, regex)
    compiler = Compiler(vocabulary, regex)
    segments = {segment.id: _compile(segment, position, compiler.formula(segment.rule))
                for position, segment in enumerate(definitions.segments)}
    computed = {trait.id: vocabulary.term((trait.id,)) for trait in definitions.computed_traits}
    leaves = compiler.leaves
    sources = {source.id: source for leaf in leaves.values() for source in leaf.sources}
    sources |= {source.id: source for term in computed.values() for source in term.sources}
    unknown = {leaf.id: leaf.judge(Profile("", ""), BEGINNING) for leaf in leaves.values()}
    plan = Plan(
        revision=definitions.revision, definitions=definitions, segments=segments, order=_order(segments),
        leaves=leaves, sources=sources, computed=computed,
        over=_inverted((segment.id, segment.leaves) for segment in segments.values()),
        users=_inverted((segment.id, segment.uses) for segment in segments.values()),
        by_trait=_inverted((leaf.id, leaf.hears.traits) for leaf in leaves.values()),
        by_purpose=_inverted((leaf.id, leaf.hears.purposes) for leaf in leaves.values()),
        settings={}, identity_leaves=tuple(leaf.id for leaf in leaves.values() if leaf.hears.identity),
        birth_leaves=tuple(leaf.id for leaf in leaves.values() if leaf.hears.birth),
        source_set=digest(frozenset(sources)),
        blank=frozenset(leaf for leaf, (holds, _) in unknown.items() if holds),
        personal=tuple(leaf for leaf, (_, until) in unknown.items()
                       if until < FOREVER or leaves[leaf].hears.identity or leaves[leaf].hears.birth),
    )
    _listen(plan)
    plan.blank_members = tuple(plan.members(sorted(segments, key=plan.order.__getitem__), plan.blank))
    return plan


def _compile(segment: Segment, position: int, formula: Formula) -> CompiledSegment:
    return CompiledSegment(
        id=segment.id, version=segment.version, position=position, formula=formula, holds=compile_formula(formula),
        decide=compile_decision(formula),
        leaves=tuple(dict.fromkeys(leaf.id for leaf in leaves_of(formula))),
        uses=tuple(dict.fromkeys(segments_of(formula))),
    )


def _order(segments: dict[str, CompiledSegment]) -> dict[str, int]:
    for segment in segments.values():
        for used in segment.uses:
            if used not in segments:
                raise ValueError(f"segment {segment.id}: in_segment names {used}, which is not defined; define it or "
                                 "remove the condition")
    try:
        order = TopologicalSorter({segment.id: segment.uses for segment in segments.values()}).static_order()
        return {segment: rank for rank, segment in enumerate(order)}
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ValueError(f"in_segment leads round in a circle: {circle}; remove one of these conditions") from error


def _closure(segments: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    found = set(segments)
    waiting = list(found)
    while waiting:
        new = set(following(waiting.pop())) - found
        found |= new
        waiting += new
    return found


def _inverted(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    lists: dict[str, dict[str, None]] = {}
    for one, others in pairs:
        for other in others:
            lists.setdefault(other, {})[one] = None
    return {other: tuple(ones) for other, ones in lists.items()}


def _listen(plan: Plan) -> None:
    judged = _inverted((leaf.id, tuple(source.id for source in leaf.sources)) for leaf in plan.leaves.values())
    for source in plan.sources.values():
        listener = (source.fold, judged.get(source.id, ()))
        if source.trait is not None:
            plan.settings[source.trait] = (*plan.settings.get(source.trait, ()), listener)
        if source.names is None:
            continue
        for name in source.names or ("*",):
            if "*" in name:
                plan.patterns.append((name, listener))
            else:
                plan.exact.setdefault(name, []).append(listener)
