"""Every instant at which an answer can change: what happened, shifted by every duration that the rules name."""
from __future__ import annotations

from collections.abc import Iterator

from streams.core.values import Json
from tests.oracle import messages
from tests.oracle.comparisons import UNITS


def instants(definitions: list[dict[str, Json]], history: list[dict[str, Json]]) -> list[int]:
    """Sorted, with the millisecond before and after each; none before the first message was received."""
    bases = {at for message in history for at in _times(message)} | {at for each in definitions for at in stated(each)}
    lengths = {length for each in definitions for length in durations(each)} | {0}
    held = {length for each in definitions for length in _held(each)} | {0}
    shifts = {sign * length + wait for length in lengths for wait in held for sign in (1, -1)}
    first = min(messages.received_at(message) for message in history)
    found = {base + shift + step for base in bases for shift in shifts for step in (-1, 0, 1)}
    return sorted(at for at in found if at >= first)


def _times(message: dict[str, Json]) -> Iterator[int]:
    yield messages.received_at(message)
    yield messages.event_time(message)
    for field in (messages.properties(message), messages.context(message), messages.traits_set(message)):
        yield from stated(field)


def stated(tree: Json) -> Iterator[int]:
    """Everything in it that may be read as a time."""
    for leaf in _leaves(tree):
        at = messages.instant(leaf)
        if at is not None and at > 100_000_000_000:
            yield at


def durations(tree: Json) -> Iterator[int]:
    for leaf in _leaves(tree):
        if isinstance(leaf, str) and leaf[:-1].isdigit() and leaf[-1:] in UNITS:
            yield int(leaf[:-1]) * UNITS[leaf[-1]]


def _held(tree: Json) -> Iterator[int]:
    if isinstance(tree, dict):
        if "name" in tree and "for" in tree:
            yield from durations(tree["for"])
        for inner in tree.values():
            yield from _held(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _held(inner)


def _leaves(tree: Json) -> Iterator[Json]:
    if isinstance(tree, dict):
        for inner in tree.values():
            yield from _leaves(inner)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _leaves(inner)
    else:
        yield tree
