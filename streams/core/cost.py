"""What a definition may cost at most: entries kept per fragment, and whether the bound can cut into the
answer."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streams.core.leaves.leaf import MOST_ENTRIES, Leaf

_BYTES_AN_ENTRY = 30
"""An event time, an arrival and a short value in MessagePack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """entries: at most kept per fragment (one identifier of a person) by all leaves together. text: a line
    a leaf."""

    entries: int
    text: str

    @property
    def size_in_bytes(self) -> int:
        return self.entries * _BYTES_AN_ENTRY


def cost_of(leaves: Sequence[Leaf]) -> Cost:
    lines = [f"{leaf.text}: {_bound(leaf)}" for leaf in leaves]
    entries = sum(source.most for leaf in leaves for source in leaf.sources)
    return Cost(entries=entries, text="\n".join(lines))


def _bound(leaf: Leaf) -> str:
    most = sum(source.most for source in leaf.sources)
    if not most:
        return "keeps nothing of its own"
    text = f"at most {most} entr{'y' if most == 1 else 'ies'}"
    if any(source.most in (MOST_ENTRIES,) for source in leaf.sources):
        return f"{text}; exact up to that many in the window, then the oldest are forgotten"
    return f"{text}, exact"
