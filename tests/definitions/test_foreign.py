"""Who knows another rule language and writes its words is told ours, and never the opposite of what they meant."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.core.definitions import Trigger
from streams.core.segments.rules import Function
from streams.definitions import load_folder
from streams.definitions.comparisons import COMPARISON_FIELDS
from streams.definitions.foreign import FOREIGN
from streams.definitions.kinds import KINDS
from streams.definitions.matches import MATCH_FIELDS, WINDOW_FIELDS
from streams.definitions.nodes import COUNT_FIELDS, NODES
from tests.definitions.refused import faults

ROOT = Path(__file__).parents[2]
TRAIT = "{trait: {name: t, %s}}"
WHERE = "{performed: {event: A, where: [{property: p, %s}]}}"
OUTSIDE = {"name", "property", "id", "for", "steps", "then_not", "function", "text", "entered", "exited", "live", "from",
           "to"}
"""Of single nodes, and of campaigns."""


@pytest.mark.parametrize(("rule", "meant"), [
    ("{and: [{everyone: {}}]}", "all"), ("{or: []}", "any"), ("{not_performed: {event: A}}", "not"),
    ("{never: {event: A}}", "not"),
    ("{cohort: {id: x}}", "in_segment"), ("{attribute: {name: t, is: 1}}", "trait"), ("{funnel: {steps: []}}", "sequence"),
    (TRAIT % "equals: 1", "is"), (TRAIT % "eq: 1", "is"), (TRAIT % "not: 1", "is_not"), (TRAIT % "neq: 1", "is_not"),
    (TRAIT % "is_set: true", "exists"), (TRAIT % "is-not-set: true", "exists"), (TRAIT % "regex: x", "matches"),
    (TRAIT % "greater_than: 1", "gt"), (TRAIT % "one_of: [1]", "in"), (TRAIT % "within: 3d", "within_last"),
    (TRAIT % "is_date_before: 2026-01-01", "before"), ("{trait: {property: t, is: 1}}", "name"),
    (WHERE % "icontains: x", "contains"), ("{performed: {event: A, where: [{trait: p, is: 1}]}}", "property"),
    ("{performed: {event: A, properties: []}}", "where"), ("{performed: {event_type: A}}", "event"),
    ("{performed: {event: A, since: 2026-01-01}}", "after"), ("{performed: {event: A, last: 3d}}", "within"),
    ("{performed: {event: A, within_last: 3d}}", "within"), ("{in_segment: {segment: x}}", "id"),
    ("{aggregate: {event: A, property: p, function: avg, gt: 1}}", "average"),
    ("{aggregate: {event: A, property: p, function: mode, is: x}}", "most_frequent"),
    ("{sequence: {steps: [{event: A}, {event: B}], then_not: {event: C, within: 1h}}}", "for"),
    ("{sequence: {steps: [{event: A}, {event: B}], not_followed_by: {event: C}}}", "then_not"),
    ("{has_not_performed: {event: A}}", "not"), ("{count: {event: A}}", "performed"), ("{all_users: {}}", "everyone"),
    ("{performed: {event: A, in_last: 3d}}", "within"), (TRAIT % "not_in_last: 3d", "older_than"),
    (TRAIT % "known: true", "exists"), (TRAIT % "contains_all: [x]", "includes"), (TRAIT % "is_not_equal: 1", "is_not"),
])
def test_a_word_of_another_language(tmp_path: Path, rule: str, meant: str) -> None:
    [fault] = faults(tmp_path, f"kind: segment\nid: s\nrule: {rule}\n")
    assert fault.startswith("d.yaml:3: ") and fault.endswith(f"; did you mean {meant}?")


@pytest.mark.parametrize(("field", "meant"), [
    ("kind: computed-trait\nid: t\nfunction: sum\nevent: A\nfield: p", "property"),
    ("kind: computed-trait\nid: t\ntype: count", "function"),
    ("kind: campaign\nid: c\nsegment: s\ntrigger: on_entry\nchannels: {sms: {text: a, purpose: p}}", "entered"),
    ("kind: campaign\nid: c\naudience: s\nchannels: {sms: {text: a, purpose: p}}", "segment"),
    ("kind: campaign\nid: c\nsegment: s\nstatus: enabled\nchannels: {sms: {text: a, purpose: p}}", "live"),
    ("kind: campaign\nid: c\nsegment: s\nchannels: {sms: {body: a, purpose: p}}", "text"),
])
def test_a_field_of_another_document(tmp_path: Path, field: str, meant: str) -> None:
    segment = "kind: segment\nid: s\nrule: {everyone: {}}\n---\n"
    [fault, *_] = faults(tmp_path, segment + field)
    assert fault.endswith(f"; did you mean {meant}?")


def test_a_liquid_template_is_shown_jinja(tmp_path: Path) -> None:
    campaign = "kind: campaign\nid: c\nsegment: s\nchannels: {sms: {text: \"Hi {{ name | default: 'you' }}\", purpose: p}}"
    [fault] = faults(tmp_path, f"kind: segment\nid: s\nrule: {{everyone: {{}}}}\n---\n{campaign}")
    assert fault.endswith("; expected valid Jinja, such as {{ first_name | default('there') }}")


@pytest.mark.parametrize("kind", ["cohort", "Audience"])
def test_a_kind_of_another_language(tmp_path: Path, kind: str) -> None:
    [fault] = faults(tmp_path, f"kind: {kind}\nid: s\nrule: {{everyone: {{}}}}\n")
    assert fault.endswith("; did you mean segment?")


@pytest.mark.parametrize("count", ["more_than: 2", "less_than: 2", "times: 2"])
def test_nothing_is_suggested_that_counts_otherwise(tmp_path: Path, count: str) -> None:
    [fault] = faults(tmp_path, f"kind: segment\nid: s\nrule: {{performed: {{event: A, {count}}}}}\n")
    assert "one of event, where, within" in fault and "did you mean" not in fault


@pytest.mark.parametrize("rule", [
    TRAIT % "not_contains: x", TRAIT % "does_not_contain: x", TRAIT % "isnt_within: 3d", TRAIT % "not_starts_with: x",
    "{sequence: {steps: [{event: A}, {event: B}], without: {event: C}}}", "{didnt_trait: {name: t, is: 1}}"])
def test_nothing_is_suggested_that_says_the_opposite(tmp_path: Path, rule: str) -> None:
    """`not_contains` was answered with `contains`, and `without` with `within`."""
    [fault, *_] = faults(tmp_path, f"kind: segment\nid: s\nrule: {rule}\n")
    assert "unknown" in fault and "did you mean" not in fault


def test_what_has_no_fields_is_expected_to_be_empty(tmp_path: Path) -> None:
    """The sentence broke off after `expected one of`."""
    [fault] = faults(tmp_path, "kind: segment\nid: s\nrule: {everyone: {at: 1}}\n")
    assert fault.endswith('unknown field "at" in rule.everyone; expected an empty object, {}')


@pytest.mark.parametrize(("rule", "instead"), [
    (TRAIT % "gt: 1, lt: 5", "gt and lt; expected only one of them; the other goes into a node of its own, under all"),
    (WHERE % "gt: 1, lt: 5", "gt and lt; expected only one of them; the other goes into a condition of its own"),
    ("{performed: {event: A, at_least: 2, at_most: 5}}", "at_least and at_most; expected only one of them; the other goes"),
])
def test_a_range_is_two_comparisons(tmp_path: Path, rule: str, instead: str) -> None:
    [fault] = faults(tmp_path, f"kind: segment\nid: s\nrule: {rule}\n")
    assert f" has {instead}" in fault


@pytest.mark.parametrize("operand", ["is: {gt: 5}", "is: {city: Delft}", "in: [{city: Delft}]"])
def test_an_object_is_compared_by_its_paths(tmp_path: Path, operand: str) -> None:
    rule = TRAIT % operand
    [fault] = faults(tmp_path, f"kind: segment\nid: s\nrule: {rule}\n")
    assert "is an object; expected a text, a number, true or false; what" in fault and "such as address.city" in fault


@pytest.mark.parametrize(("written", "is_moving"), [
    ("now", True), ("now-3d", True), ("-7d", True), ("3 days ago", True), ("soon", False), ("2026-13-01", False)])
def test_a_time_that_moves_is_a_duration(tmp_path: Path, written: str, is_moving: bool) -> None:
    rule = TRAIT % f"before: {written}"
    [fault] = faults(tmp_path, f"kind: segment\nid: s\nrule: {rule}\n")
    assert "expected an ISO 8601 time such as" in fault
    assert ("or a duration in within (of events), within_last" in fault) == is_moving


@pytest.mark.parametrize(("line", "advice"), [
    ("trigger: each: B", "a text with `: ` in it stands in quotes"),
    ("rule: {performed: {event: *}}", "stands in quotes, such as '*'"),
    ("event: *Viewed", "stands in quotes"), ("name: @home", "stands in quotes"), ("rule:\n\tall: []", "no tab")])
def test_what_yaml_takes_otherwise_than_it_looks(tmp_path: Path, line: str, advice: str) -> None:
    [fault] = faults(tmp_path, f"kind: segment\nid: s\n{line}\n")
    assert "; expected valid YAML; " in fault and advice in fault


@pytest.mark.parametrize("trigger", ["{each: Order *}", "'each: Order *'", "'each:Order *'"])
def test_each_event_in_quotes_is_as_the_interfaces_page_writes_it(tmp_path: Path, trigger: str) -> None:
    (tmp_path / "d.yaml").write_text("{kind: segment, id: s, rule: {everyone: {}}}\n---\nkind: campaign\nid: c\nsegment: s\n"
                                     f"trigger: {trigger}\nchannels: {{sms: {{text: hi, purpose: p}}}}\n")
    [campaign] = load_folder(tmp_path).campaigns
    assert (campaign.trigger, campaign.each) == (Trigger.EACH, ("Order *",))


README = (ROOT / "streams/definitions/README.md").read_text().split("\n## ")
RULES, ELSEWHERE = (next(section for section in README if section.startswith(head))
                    for head in ("Rules", "Coming from elsewhere"))
WRITTEN = [rule for rule in re.findall("`([^`]+)`", RULES + ELSEWHERE) if rule.split(": ")[0] in NODES and ": " in rule]


@pytest.mark.parametrize("rule", WRITTEN)
def test_what_the_readme_writes_is_a_rule(tmp_path: Path, rule: str) -> None:
    (tmp_path / "d.yaml").write_text(f"kind: segment\nid: s\nrule: {{{rule}}}\n---\nkind: segment\nid: cart-abandoners\n"
                                     "rule: {everyone: {}}\n")
    assert len(load_folder(tmp_path).segments) == 2


def test_the_readme_has_every_node_comparison_and_function() -> None:
    assert {*NODES, *COMPARISON_FIELDS, *map(str, Function)} <= set(re.findall(r"\w+", RULES))


def test_every_word_that_is_meant_is_one_of_the_language() -> None:
    ours = {*NODES, *COMPARISON_FIELDS, *MATCH_FIELDS, *WINDOW_FIELDS, *COUNT_FIELDS, *KINDS, *map(str, Function)}
    assert FOREIGN.keys() <= ours | OUTSIDE
