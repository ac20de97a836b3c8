"""`for`: since when a trait has compared so, unbroken."""
from __future__ import annotations

from dataclasses import replace

from streams.core.values import Json
from tests.oracle import messages
from tests.oracle.comparisons import operator, satisfies
from tests.oracle.computed import trait
from tests.oracle.instants import durations, stated
from tests.oracle.person import Person


def held_since(node: dict[str, Json], person: Person, now: int) -> int | None:
    """The first instant of the unbroken stretch that reaches to now; None if it does not hold now.

    A missing value counts from the person's first event. What was so at an earlier instant is what the events that
    happened until then say. Walks back from now over every instant at which the answer may have changed; between
    two of them it cannot.
    """
    since = None
    for at in sorted(_turns(node, person, now), reverse=True):
        if not _held_at(node, person, at):
            break
        since = at
    return since


def _held_at(node: dict[str, Json], person: Person, at: int) -> bool:
    until = [message for message in person.messages if messages.event_time(message) <= at]
    then = replace(person, messages=until)
    return satisfies(trait(then, node["name"], at), operator(node), node[operator(node)], at)


def _turns(node: dict[str, Json], person: Person, now: int) -> set[int]:
    """Instants from the first event to now, both included, at which the comparison may turn."""
    lengths = {0, *durations(node), *(each for one in person.computed.values() for each in durations(one))}
    sums = {one + other for one in lengths for other in lengths}
    bases = {messages.event_time(message) for message in person.messages}
    bases |= {at for message in person.messages for at in stated(message)}
    bases |= {at for one in [node, *person.computed.values()] for at in stated(one)}
    turns = {base + sign * length + step for base in bases for length in sums for sign in (1, -1) for step in (0, 1)}
    return {turn for turn in turns if person.first_event() < turn < now} | {person.first_event(), now}
