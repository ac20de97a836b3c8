"""Is the rule true of the person now? Every event is looked at, every time."""
from __future__ import annotations

import itertools

from streams.core.values import Json
from tests.oracle import messages
from tests.oracle.comparisons import duration, operator, satisfies
from tests.oracle.computed import distinct, over, present, trait
from tests.oracle.held import held_since
from tests.oracle.person import Person, consent, in_window, matching, meets

Node = dict[str, Json]
Segments = dict[str, Node]


def holds(rule: Node, person: Person, now: int, segments: Segments) -> bool:
    """`segments`: id -> definition, for `in_segment`."""
    (kind, node), = rule.items()
    match kind:
        case "all":
            return all(holds(each, person, now, segments) for each in node)
        case "any":
            return any(holds(each, person, now, segments) for each in node)
        case "not":
            return not holds(node, person, now, segments)
        case "everyone":
            return True
        case "in_segment":
            return holds(segments[node["id"]]["rule"], person, now, segments)
        case "identifier":
            return any(each.startswith(f"{node['namespace']}:") for each in person.identifiers)
        case "members":
            return any(each in person.identifiers for each in node)
        case "consent":
            return consent(person, node["purpose"]) == node.get("state", "granted")
        case "random":
            assert node["percent"] in (0, 100), "the hash is the product's own; only the ends are known"
            return bool(node["percent"])
        case _:
            return _over_events(kind, node, person, now)


def _over_events(kind: str, node: Node, person: Person, now: int) -> bool:
    match kind:
        case "trait":
            return _trait(node, person, now)
        case "performed":
            return _performed(node, person, now)
        case "aggregate":
            return _aggregate(node, person, now)
        case "last_performed":
            return _last_performed(node, person, now)
        case "sequence":
            return _sequence(node, person, now)
    raise AssertionError(kind)


def _trait(node: Node, person: Person, now: int) -> bool:
    if "for" in node:
        since = held_since(node, person, now)
        return since is not None and now - since >= duration(node["for"])
    return satisfies(trait(person, node["name"], now), operator(node), node[operator(node)], now)


def _performed(node: Node, person: Person, now: int) -> bool:
    events = [event for event in matching(person, node, now) if in_window(event, node, now)]
    count = len(distinct(present(events, node["distinct"]))) if "distinct" in node else len(events)
    if "at_most" in node:
        return bool(count <= node["at_most"])
    if "exactly" in node:
        return bool(count == node["exactly"])
    return bool(count >= node.get("at_least", 1))


def _aggregate(node: Node, person: Person, now: int) -> bool:
    events = [event for event in matching(person, node, now) if in_window(event, node, now)]
    value = over(present(events, node["property"]), node["function"])
    name = operator(node, without=("before", "after"))
    return value is not None and satisfies(value, name, node[name], now)


def _last_performed(node: Node, person: Person, now: int) -> bool:
    events = matching(person, node, now)
    return bool(events) and in_window(events[-1], node, now) and meets(events[-1], node.get("where_last") or [], now)


def _sequence(node: Node, person: Person, now: int) -> bool:
    everything = person.events()
    place = {id(event): number for number, event in enumerate(everything)}
    steps = [[place[id(event)] for event in matching(person, step, now)] for step in node["steps"]]
    at = [messages.event_time(event) for event in everything]
    completions = [
        chosen[-1] for chosen in itertools.product(*steps)
        if all(earlier < later for earlier, later in itertools.pairwise(chosen))
        and ("within" not in node or at[chosen[-1]] - at[chosen[0]] < duration(node["within"]))
    ]
    if not completions:
        return False
    latest = max(completions)
    if "completed_within" in node and not now < at[latest] + duration(node["completed_within"]):
        return False
    if "then_not" not in node:
        return True
    followed = any(place[id(event)] > latest for event in matching(person, node["then_not"], now))
    return not followed and now >= at[latest] + duration(node["then_not"].get("for", "0s"))
