"""What a definition may cost at most: what each leaf keeps, when it is judged, and which segments share it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.core.segments.leaves.leaf import Leaf, Source

BYTES_AN_ENTRY = 30
"""An event time, an arrival and a short value in MessagePack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafCost:
    """entries: the most that is kept per fragment (one identifier of a person). is_exact: nothing that matters is ever
    forgotten. events: names and patterns whose events are folded into it, `*` for any. traits, purposes, by_identity: what
    else makes it judged again. shared_with: segments that use the same leaf, and so pay for it already."""

    text: str
    entries: int
    is_exact: bool
    events: tuple[str, ...]
    traits: tuple[str, ...]
    purposes: tuple[str, ...]
    by_identity: bool
    shared_with: tuple[str, ...]

    @property
    def size_in_bytes(self) -> int:
        """A rough upper bound per fragment; usual profiles stay far below."""
        return self.entries * BYTES_AN_ENTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of all leaves of a segment together. own_entries: what would go with it, since no other segment keeps it.
    rests_on: segments named by `in_segment`, whose cost is their own."""

    entries: int
    own_entries: int
    is_exact: bool
    leaves: tuple[LeafCost, ...]
    rests_on: tuple[str, ...]

    @property
    def size_in_bytes(self) -> int:
        """A rough upper bound on the state per fragment; usual profiles stay far below."""
        return self.entries * BYTES_AN_ENTRY


def cost_of(leaves: Sequence[Leaf], others: Mapping[str, Sequence[Leaf]], rests_on: tuple[str, ...]) -> Cost:
    """The cost of a segment with these leaves; `others`: the leaves of every other segment by its id."""
    users = {name: {leaf.id for leaf in used} for name, used in others.items()}
    sources = _sources(leaves)
    kept_anyway = {source for used in others.values() for source in _sources(used)}
    return Cost(
        entries=sum(source.most for source in sources.values()),
        own_entries=sum(source.most for name, source in sources.items() if name not in kept_anyway),
        is_exact=all(source.is_exact for source in sources.values()),
        leaves=tuple(_leaf(leaf, tuple(name for name, used in users.items() if leaf.id in used)) for leaf in leaves),
        rests_on=rests_on)


def _sources(leaves: Sequence[Leaf]) -> dict[str, Source]:
    return {source.id: source for leaf in leaves for source in leaf.sources}


def _leaf(leaf: Leaf, shared_with: tuple[str, ...]) -> LeafCost:
    folding = [source for source in leaf.sources if source.names is not None]
    names = [name for source in folding for name in source.names or ("*",)]
    traits = [source.trait for source in leaf.sources if source.trait is not None]
    return LeafCost(
        text=leaf.text, entries=sum(source.most for source in leaf.sources),
        is_exact=all(source.is_exact for source in leaf.sources),
        events=("*",) if "*" in names else tuple(dict.fromkeys(names)),
        traits=tuple(dict.fromkeys([*leaf.hears.traits, *traits])), purposes=leaf.hears.purposes,
        by_identity=leaf.hears.identity, shared_with=shared_with)
