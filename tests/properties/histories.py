"""Hypothesis: what may happen to one person. Times lie on a grid, so that windows end just where events begin."""
from __future__ import annotations

from hypothesis import strategies as st

from streams.core.values import Json
from tests.oracle.computed import iso

Message = dict[str, Json]

NOON = 1_772_366_400_000
HALF_HOUR = 1_800_000
GRID = st.integers(-8, 8).map(lambda steps: steps * HALF_HOUR)

TEXTS = st.sampled_from(["x", "y", "xy", "", "X"])
# No value occurs both as a number and as a text: which of the two `most_frequent` shows is nobody's business.
NUMBERS = st.sampled_from([0, 1, 2, 10, -1, 2.5, 0.25, "3", "4.5", "20"])
TIMES = GRID.flatmap(lambda offset: st.sampled_from([iso(NOON + offset), NOON + offset]))
ODD = st.sampled_from([
    None, True, False, "true", "1.0", "01", "1e1", "nan", "inf", "1_000", [], ["x", 1, None], {}, {"x": 1}, [["x"]],
    "2026-03-01", "2026-03-01T13:30:00+01:00", "2026-03-01T12:00:00", "not a time", -0.0, 10.0, 1e20, "x\ny",
])
LISTS = st.lists(st.one_of(TEXTS, NUMBERS), max_size=3)
VALUES = {"s": TEXTS, "n": NUMBERS, "t": TIMES, "odd": ODD, "l": LISTS}
MAYBE_NULL = {name: st.one_of(values, values, values, st.none()) for name, values in VALUES.items()}

FIELDS = st.fixed_dictionaries({}, optional={
    **MAYBE_NULL,
    "o": st.one_of(st.fixed_dictionaries({}, optional=MAYBE_NULL), st.just("flat")),
    "a.b": NUMBERS,
})
FEW_FIELDS = st.fixed_dictionaries({"n": NUMBERS, "s": TEXTS}, optional={"t": TIMES})
SOURCES = st.fixed_dictionaries({}, optional={
    "source": st.fixed_dictionaries({"type": st.sampled_from(["web", "app"])}),
})
ORIGINS = st.one_of(st.just({}), st.sampled_from([
    {"source": {"type": "crm", "name": "desk"}}, {"source": {"type": "kiosk"}}, {"source": {"name": "crm"}}, {"page": {}},
]))
PURPOSES = st.dictionaries(st.sampled_from(["p", "q"]), st.booleans(), max_size=2)
NAMES = ("A", "B", "AB", "Order Completed")


def track(properties: Json, name: str, context: Json) -> Message:
    return {"type": "track", "event": name, "properties": properties, "context": context}


KINDS: st.SearchStrategy[Message] = st.one_of(
    st.builds(track, FEW_FIELDS, st.just("A"), st.just({})),
    st.builds(track, FEW_FIELDS, st.sampled_from(NAMES[:2]), st.just({})),
    st.builds(track, FEW_FIELDS, st.sampled_from(NAMES[:2]), st.just({})),
    st.builds(track, FIELDS, st.sampled_from(NAMES), SOURCES),
    st.fixed_dictionaries({"type": st.just("identify"), "traits": FIELDS, "context": ORIGINS}),
    st.fixed_dictionaries({"type": st.just("identify"), "traits": FIELDS, "context": ORIGINS}),
    st.fixed_dictionaries({"type": st.sampled_from(["page", "screen"]), "properties": FIELDS}),
    st.fixed_dictionaries({
        "type": st.just("group"), "groupId": TEXTS,
        "traits": st.fixed_dictionaries({}, optional={"s": st.one_of(TEXTS, st.none()), "u": TEXTS}),
    }),
    st.fixed_dictionaries({"type": st.just("alias"), "previousId": st.just("old")}),
    st.fixed_dictionaries({
        "type": st.just("track"), "event": st.just("Consent Preference Updated"),
        "properties": st.fixed_dictionaries({"purposes": PURPOSES}),
    }),
    st.builds(lambda message, purposes: message | {"context": {"consent": {"purposes": purposes}}},
              st.builds(track, FIELDS, st.sampled_from(NAMES), st.just({})), PURPOSES),
)

WAITS = st.sampled_from([0, 0, 1, HALF_HOUR, HALF_HOUR, 2 * HALF_HOUR, 3 * HALF_HOUR])
LATENESS = st.sampled_from([0, 0, 0, 0, 1, HALF_HOUR, 2 * HALF_HOUR, 5 * HALF_HOUR, 48 * HALF_HOUR])
WHOSE = st.sampled_from([
    {"userId": "u"}, {"userId": "u"}, {"anonymousId": "c"}, {"userId": "u", "anonymousId": "c"},
])


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """Messages of one person in order of arrival, each with its receivedAt."""
    return received(draw(st.lists(st.tuples(KINDS, WAITS, LATENESS, WHOSE), min_size=draw(st.sampled_from([6, 5, 4, 1])),
                                  max_size=9)))


def received(steps: list[tuple[Message, int, int, Message]]) -> list[Message]:
    """steps: what was sent, ms since the one before was received, ms that it was under way, and whose it is."""
    history, at = [], NOON
    for number, (message, wait, late, whose) in enumerate(steps):
        at += wait
        stamps = {"receivedAt": iso(at), "timestamp": iso(at - late), "messageId": f"m{number}"}
        history.append({**message, **whose, **stamps})
    return history


WALKS = st.lists(st.tuples(
    st.sampled_from("ABC").map(lambda name: track({}, name, {})), st.sampled_from([0, HALF_HOUR]),
    st.sampled_from([0, 0, HALF_HOUR, 2 * HALF_HOUR]), st.sampled_from([{"userId": "u"}, {"anonymousId": "c"}]),
), min_size=6, max_size=12).map(received)
"""Histories of three names and nothing else, for rules about their order."""
