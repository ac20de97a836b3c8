"""Hypothesis: every node, comparison and computed trait of the rule language, as documents."""
from __future__ import annotations

from hypothesis import strategies as st

from streams.core.values import Json
from tests.oracle.computed import iso
from tests.properties.histories import GRID, NOON, NUMBERS, TEXTS

Node = dict[str, Json]

DURATIONS = st.sampled_from(["30m", "1h", "90m", "2h", "3h", "1d"])
INSTANTS = GRID.map(lambda offset: iso(NOON + offset))
SCALARS = st.one_of(
    TEXTS, NUMBERS, st.booleans(), st.sampled_from(["true", "nan", "2026-03-01", "1.0", 10.0, "1", 3, "2.5"]),
)
ORDER = st.sampled_from([0, 1, 2, 2.5, 10, "2.5", -1])


def compare(**operands: st.SearchStrategy[Json]) -> st.SearchStrategy[Node]:
    return st.one_of(*(st.fixed_dictionaries({name: operand}) for name, operand in operands.items()))


EQUALITY: dict[str, st.SearchStrategy[Json]] = {
    "is": SCALARS, "is_not": SCALARS, "in": st.lists(SCALARS, min_size=1, max_size=3),
    "not_in": st.lists(SCALARS, min_size=1, max_size=3), "exists": st.booleans(), "includes": SCALARS,
}
NUMERIC: dict[str, st.SearchStrategy[Json]] = {"gt": ORDER, "gte": ORDER, "lt": ORDER, "lte": ORDER}
TEXTUAL: dict[str, st.SearchStrategy[Json]] = {
    "contains": st.sampled_from(["x", "1"]), "starts_with": st.sampled_from(["x", "2"]),
    "ends_with": st.sampled_from(["y", "5", "0"]), "matches": st.sampled_from(["^x", "x|y", "^$", r"\d", "(?i)X"]),
}
RELATIVE: dict[str, st.SearchStrategy[Json]] = {
    "within_last": DURATIONS, "within_next": DURATIONS, "older_than": DURATIONS,
}
ABSOLUTE: dict[str, st.SearchStrategy[Json]] = {"before": INSTANTS, "after": INSTANTS}

FITTING = {
    "s": compare(**EQUALITY, **TEXTUAL), "n": compare(**EQUALITY, **NUMERIC),
    "t": compare(**RELATIVE, **ABSOLUTE), "odd": compare(**EQUALITY, **NUMERIC, **TEXTUAL, **ABSOLUTE),
    "l": compare(**EQUALITY),
}
ANY_VALUE = compare(**EQUALITY, **NUMERIC, **TEXTUAL, **RELATIVE)
TYPICAL = [("s", "s"), ("n", "n"), ("t", "t")]
PLACES = st.sampled_from([
    *TYPICAL, *TYPICAL, ("odd", "odd"), ("l", "l"), ("o.n", "n"), (["o", "t"], "t"), ("a.b", "n"),
    ("context.source.type", "s"), ("nowhere", "s"), ("o", "s"),
])
PATHS = st.sampled_from(["s", "s", "n", "n", "n", "o.n", "a.b", "t"])
TRAITS = st.sampled_from([
    *TYPICAL, *TYPICAL, ("odd", "odd"), ("l", "l"), ("o.n", "n"), ("o.t", "t"), ("a.b", "n"), ("group.s", "s"),
    ("group_id", "s"), ("nowhere", "s"),
])


def optional(always: Node, **sometimes: st.SearchStrategy[Json]) -> st.SearchStrategy[Node]:
    return st.fixed_dictionaries(always, optional=sometimes)


def together(*parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


CONDITIONS = PLACES.flatmap(lambda place: together(st.just({"property": place[0]}), FITTING[place[1]]))
WHERE = st.one_of(st.just([]), st.just([]), st.lists(CONDITIONS, max_size=2))
EVENTS = st.sampled_from(["A", "A", "A", "B", "A*", "*B", "*", "*", ["A", "Order *"], "Identified", "Page Viewed"])
MATCHES = st.one_of(st.fixed_dictionaries({"event": EVENTS}), optional({}, event=EVENTS, where=WHERE))
FEW_WHERE = st.one_of(optional({"event": EVENTS}), MATCHES)
SLIDING = st.fixed_dictionaries({"within": DURATIONS})
WINDOWS = st.one_of(
    st.just({}), SLIDING, SLIDING, SLIDING,
    st.fixed_dictionaries({"after": INSTANTS}), st.fixed_dictionaries({"before": INSTANTS}),
    st.tuples(GRID, GRID).filter(lambda pair: pair[0] < pair[1]).map(
        lambda pair: {"between": [iso(NOON + pair[0]), iso(NOON + pair[1])]}),
)
BOUNDS = st.one_of(st.just({}), *(
    st.fixed_dictionaries({name: st.integers(0, 3)}) for name in ("at_least", "at_most", "exactly")
))
AGGREGATES = st.one_of(
    together(
        st.fixed_dictionaries({"function": st.sampled_from(["sum", "average", "min", "max"]),
                               "property": st.sampled_from(["n", "n", "n", "o.n", "a.b", "s"])}),
        st.one_of(compare(**NUMERIC), compare(**NUMERIC), compare(**EQUALITY))),
    st.sampled_from(["s", "n", "n", "t"]).flatmap(lambda name: together(
        st.fixed_dictionaries({
            "function": st.sampled_from(["first", "last", "most_frequent"]), "property": st.just(name),
        }),
        compare(**EQUALITY, **NUMERIC, **TEXTUAL) if name != "t" else compare(**RELATIVE))),
)


THEN_NOT = together(FEW_WHERE, optional({}, **{"for": DURATIONS}))
SEQUENCES = optional(
    {"steps": st.lists(FEW_WHERE, min_size=2, max_size=3)}, within=DURATIONS, completed_within=DURATIONS,
    then_not=THEN_NOT,
)
CHAINS = optional(
    {"steps": st.sampled_from(["AB", "AB", "ABC", "AAB"]).map(lambda names: [{"event": name} for name in names])},
    within=st.sampled_from(["1h", "2h"]), completed_within=st.sampled_from(["1h", "3h"]),
    then_not=st.sampled_from([{"event": "C"}, {"event": "C", "for": "30m"}]))
"""Sequences that events of few names complete again and again, so that it matters which completion is the latest."""
TRAIT_NODES = TRAITS.flatmap(lambda trait: together(
    st.just({"name": trait[0]}), FITTING[trait[1]], optional({}, **{"for": DURATIONS})))


def node(kind: str, inside: st.SearchStrategy[Json]) -> st.SearchStrategy[Node]:
    return inside.map(lambda found: {kind: found})


LEAVES = {
    "everyone": st.just({}),
    "trait": TRAIT_NODES,
    "identifier": st.sampled_from([{"namespace": "cookie"}, {"namespace": "email"}]),
    "performed": together(MATCHES, WINDOWS, BOUNDS, optional({}, distinct=PATHS)),
    "aggregate": together(MATCHES, WINDOWS, AGGREGATES),
    "last_performed": together(MATCHES, optional({}, where_last=WHERE, within=DURATIONS)),
    "sequence": SEQUENCES,
    "consent": optional({"purpose": st.sampled_from(["p", "q"])},
                        state=st.sampled_from(["granted", "denied", "unknown"])),
    "random": st.sampled_from([{"percent": 0, "salt": "x"}, {"percent": 100, "salt": "x"}]),
    "members": st.sampled_from([["cookie:c"], ["customer_id:other"], []]),
}
PLAIN = ("everyone", "identifier", "random", "members")
LEAF = st.one_of(
    st.one_of(*(node(kind, LEAVES[kind]) for kind in PLAIN)),
    *(node(kind, inside) for kind, inside in LEAVES.items() if kind not in PLAIN for _ in range(2)),
)


def rules(leaf: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(leaf, leaf, leaf, st.recursive(leaf, lambda inner: st.one_of(
        node("all", st.lists(inner, max_size=3)), node("any", st.lists(inner, max_size=3)), node("not", inner),
    ), max_leaves=4))


COUNTING = st.sampled_from(["count", "first_seen", "last_seen", "list"])
COMPUTING = st.sampled_from([
    "sum", "average", "min", "max", "first", "last", "most_frequent", "distinct", "distinct_count",
])
COMPUTED = st.one_of(
    together(MATCHES, optional({"function": COUNTING}, within=DURATIONS)),
    together(MATCHES, optional({"function": COMPUTING, "property": PATHS}, within=DURATIONS)),
    together(MATCHES, optional({"function": st.sampled_from(["first", "last"])}, within=DURATIONS)),
    st.fixed_dictionaries({"function": st.just("coalesce"), "of": st.lists(st.one_of(
        st.fixed_dictionaries({"trait": st.sampled_from(["s", "n", "o.n", "computed-0"])}),
        st.fixed_dictionaries({"event": EVENTS, "property": PATHS}),
    ), min_size=1, max_size=3)}),
)


@st.composite
def definitions(draw: st.DrawFn, leaf: st.SearchStrategy[Node] = LEAF) -> list[Node]:
    """Up to two computed traits and three segments; later segments may use earlier ones and computed traits."""
    computed = [
        {"kind": "computed-trait", "id": f"computed-{number}", **found}
        for number, found in enumerate(draw(st.lists(COMPUTED, max_size=2)))
    ]
    segments: list[Node] = []
    for number in range(draw(st.integers(1, 3))):
        leaves = [leaf, leaf]
        if computed:
            leaves.append(_over_computed(len(computed)))
        if segments:
            leaves.append(node("in_segment", st.sampled_from([{"id": each["id"]} for each in segments])))
        segments.append({"kind": "segment", "id": f"segment-{number}", "rule": draw(rules(st.one_of(leaves)))})
    return computed + segments


BELIEVED: st.SearchStrategy[list[Node]] = st.sampled_from([[], [], [
    {"kind": "identity", "id": "i", "traits": {"sources": ["crm", "web"], "by_trait": {"n": ["web"], "t": "newest"}}}]])
"""Whether all sources' traits are alike."""


def _over_computed(count: int) -> st.SearchStrategy[Node]:
    names = st.sampled_from([f"computed-{number}" for number in range(count)] + ["computed-0.n", "computed-0.s"])
    return node("trait", together(
        st.fixed_dictionaries({"name": names}), ANY_VALUE, optional({}, **{"for": DURATIONS})))
