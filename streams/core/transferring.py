"""Identifiers that go from one profile to another as they are, with all the time for which the first had them."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from streams.core.context import Context
from streams.core.messages import Point
from streams.core.ownership import rename
from streams.core.tables import Person


@dataclass(slots=True)
class Transfer:
    """gained, suppressed: what the new owner is told, see `messages.Deliver`. points: the word to each identifier's home."""

    gained: dict[str, list[int]] = field(default_factory=dict)
    suppressed: dict[str, list[Any]] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)


def transfer(context: Context, identifiers: Iterable[str], key: str, to: str, owner: Person) -> Transfer:
    """The intervals that `key` has of these are those of `to`. owner: as whom the graph knows `to`; what it had once and has
    no more is not gained."""
    done, nodes = Transfer(), context.tables.nodes
    for identifier in identifiers:
        node = nodes.get(identifier)
        assert node is not None
        rename(node.owners, key, to)
        nodes.put(identifier, node)
        done.points.append(Point.of(identifier, node))
        if identifier in owner.identifiers:
            since, _, epoch = node.owners[-1]
            done.gained[identifier] = [epoch, since]
            if node.suppressed:
                done.suppressed[identifier] = list(node.suppressed)
    return done
