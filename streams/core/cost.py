"""What a definition may cost at most: entries kept per fragment, and whether the bound can cut into the answer."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streams.core.leaves.leaf import Leaf

_BYTES_AN_ENTRY = 30
"""An event time, an arrival and a short value in MessagePack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """entries: at most kept per fragment (one identifier of a person) by all leaves together. is_exact: however
    much happens, nothing that matters is forgotten. text: a line a leaf."""

    entries: int
    is_exact: bool
    text: str

    @property
    def size_in_bytes(self) -> int:
        """A rough upper bound on the state per fragment; usual profiles stay far below."""
        return self.entries * _BYTES_AN_ENTRY


def cost_of(leaves: Sequence[Leaf]) -> Cost:
    sources = {source.id: source for leaf in leaves for source in leaf.sources}.values()
    return Cost(
        entries=sum(source.most for source in sources), is_exact=all(source.is_exact for source in sources),
        text="\n".join(f"{leaf.text}: {_bound(leaf)}" for leaf in leaves),
    )


def _bound(leaf: Leaf) -> str:
    most = sum(source.most for source in leaf.sources)
    if not most:
        return "keeps nothing of its own"
    text = f"at most {most} {'entry' if most == 1 else 'entries'} per identifier"
    if all(source.is_exact for source in leaf.sources):
        return f"{text}, always exact"
    return f"{text}, exact while no more than that count at once; beyond it the oldest are forgotten"
