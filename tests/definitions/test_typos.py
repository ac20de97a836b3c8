"""Every word of the language, misspelled: the fault names file and line, what was found and expected, and the word meant."""
from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.core.segments.rules import Operator
from streams.core.values import Json
from streams.definitions.comparisons import OPERANDS
from streams.definitions.kinds import KINDS
from streams.definitions.nodes import NODES
from tests.definitions.refused import faults

EVENTS = {"event": "A", "where": [{"property": "p", "exists": True}]}
OPERAND: dict[str, Json] = {
    "in": ["a"], "not_in": ["a"], "exists": True, "before": "2026-01-01", "after": "2026-01-01", "within_last": "1d",
    "within_next": "1d", "older_than": "1d"}
RULES: tuple[Json, ...] = (
    {"all": [{"everyone": {}}]}, {"any": [{"not": {"everyone": {}}}]}, {"identifier": {"namespace": "email"}},
    {"trait": {"name": "t", "is": 1, "for": "1h"}},
    {"performed": EVENTS | {"within": "1d", "at_least": 2, "distinct": "p"}},
    {"performed": {"between": ["2026-01-01", "2026-01-02"], "at_most": 1}},
    {"performed": {"after": "2026-01-01", "before": "2026-01-02", "exactly": 1}},
    {"aggregate": EVENTS | {"function": "average", "property": "p", "gt": 1}},
    {"last_performed": EVENTS | {"where_last": [{"property": "p", "exists": True}], "within": "1d"}},
    {"sequence": {"steps": [EVENTS, EVENTS], "within": "1h", "completed_within": "9d",
                  "then_not": {"event": "B", "for": "1h"}}},
    {"in_segment": {"id": "other"}}, {"consent": {"purpose": "ads", "state": "granted"}},
    {"random": {"percent": 10, "salt": "s"}}, {"members": ["cookie:c1"]},
    *({"trait": {"name": "t", word.value: OPERAND.get(word.value, "1")}} for word in Operator),
)
OTHER = {"kind": "segment", "id": "other", "name": "N", "description": "D", "owner": "O", "rule": {"everyone": {}}}
DOCUMENTS: tuple[Json, ...] = (
    OTHER,
    *({"kind": "segment", "id": f"s{number}", "rule": rule} for number, rule in enumerate(RULES)),
    {"kind": "computed-trait", "id": "c", "function": "list", "event": "A", "where": [], "property": "p", "within": "1d",
     "limit": 5},
    {"kind": "computed-trait", "id": "d", "function": "coalesce", "of": [{"trait": "t"}, {"event": "A", "property": "p"}]},
    {"kind": "campaign", "id": "k", "segment": "other", "trigger": "entered", "priority": 2, "status": "paused",
     "starts": "2026-01-01", "ends": "2026-02-01", "channels": {"sms": {"text": "hi", "purpose": "ads"}},
     "cap": {"at_most": 1, "per": "7d", "mode": "rolling", "over": "channel"},
     "quiet_hours": {"from": "21:00", "to": "08:00", "time_zone": "Europe/Amsterdam", "local": True}, "valid_for": "2d"},
    {"kind": "destination", "id": "h", "channel": "email", "connector": "http", "settings": {}, "hashing": "sha256"},
    {"kind": "identity", "id": "i", "namespaces": {"email": {
        "priority": 2, "limit": {"at_most": 3, "per": "1d"}, "on_conflict": "keep", "blocked": ["x"]}},
     "traits": {"sources": ["crm", "web"], "by_trait": {"plan": ["web"]}}},
)
FREE = {("namespaces", "email"), ("by_trait", "plan")}
"""Words of the author's own."""
ALIKE = {"gt", "lt", "gte", "lte", "is", "in", "id", "of", "to"}
"""With two letters swapped each is as near to another word as to itself, or to none."""


def words(node: Json, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every key of the language."""
    if isinstance(node, list):
        for place, inner in enumerate(node):
            yield from words(inner, (*way, place))
    if isinstance(node, dict):
        for name, inner in node.items():
            if (way and way[-1], name) not in FREE and name not in ALIKE:
                yield *way, name
            yield from words(inner, (*way, name))


def misspelled(document: Json, way: tuple[Any, ...]) -> tuple[Json, str]:
    """The document with two letters of that key swapped, and the key as it reads now."""
    changed = deepcopy(document)
    node = changed
    for step in way[:-1]:
        node = node[step]
    word = way[-1]
    wrong = next(each for at in range(len(word) - 1)
                 if (each := f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2:]}") != word)
    entries = [(wrong if name == word else name, value) for name, value in node.items()]
    node.clear()
    node.update(entries)
    return changed, wrong


CASES = [pytest.param(document, way, id=f"{document['id']}:{'.'.join(map(str, way))}")
         for document in DOCUMENTS for way in words(document)]


@pytest.mark.parametrize(("document", "way"), CASES)
def test_a_misspelled_word_is_found_where_it_stands(tmp_path: Path, document: Json, way: tuple[Any, ...]) -> None:
    changed, wrong = misspelled(document, way)
    text = yaml.safe_dump(changed, sort_keys=False, default_flow_style=False)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.lstrip("- ").startswith(f"{wrong}:"))
    if document is not OTHER:
        (tmp_path / "other.yaml").write_text(yaml.safe_dump(OTHER))
    found = faults(tmp_path, text)
    said = [each for each in found if each.endswith(f"; did you mean {way[-1]}?")]
    assert said and said[0].startswith(f"d.yaml:{line}: unknown ") and f'"{wrong}"' in said[0], found
    assert "; expected one of " in said[0] or "; expected the field kind, one of segment, " in said[0]


def test_the_whole_language_is_tried() -> None:
    """Whoever adds a word adds it here."""
    tried = {case.values[1][-1] for case in CASES}
    assert {*NODES, *(word.value for word in OPERANDS)} - ALIKE <= tried
    assert {document["kind"] for document in DOCUMENTS} | {"consent"} == KINDS.keys()


@pytest.mark.parametrize(("written", "meant"), [
    ("3 days", "3d"), ("90 sec", "90s"), ("15 Minutes", "15m"), ("1 hour", "1h"), ("2weeks", "2w"), ("1 month", ""),
    ("soon", ""), (90, "")])
def test_a_duration_in_words_is_understood_but_not_taken(tmp_path: Path, written: Json, meant: str) -> None:
    rule = {"performed": {"event": "A", "within": written}}
    [fault] = faults(tmp_path, yaml.safe_dump({"kind": "segment", "id": "s", "rule": rule}))
    assert "expected a duration such as 90s, 30m, 3h, 7d or 2w" in fault
    assert fault.endswith(f"; did you mean {meant}?") == bool(meant)
