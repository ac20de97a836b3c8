"""What is wrong is said with file, line, what was found, what was expected, and the nearest valid word."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.core.errors import Misconfigured
from streams.definitions import build, load_folder
from tests.definitions.refused import faults

HEAD = "kind: segment\nid: s\n"

@pytest.mark.parametrize(("rule", "line", "part", "meant"), [
    ("{preformed: {event: A}}", 3, 'unknown node "preformed" in rule', "performed"),
    ("{performed: {evnt: A}}", 3, 'unknown field "evnt" in rule.performed', "event"),
    ("{performed: {event: A}, everyone: {}}", 3,
     "rule has 2 nodes: performed, everyone; expected exactly one", ""),
    ("{}", 3, "rule is an empty object; expected a rule", ""),
    ("\n  all:\n  - everyone: {}\n  - trait: {name: x}", 6,
     "rule.all[1].trait has none of them; expected one of", ""),
    ("\n  trait:\n    name: x\n    isnt: 1", 6, 'unknown field "isnt" in rule.trait', "is_not"),
    ("{trait: {name: x, is: 1, gt: 2}}", 3, "rule.trait has is and gt; expected only one of", ""),
    ("{trait: {is: 1}}", 3, "rule.trait has no name; expected the field name", ""),
    ("{trait: {name: x, is: null}}", 3, "rule.trait.is is null", ""),
    ("{trait: {name: x, in: NL}}", 3, 'rule.trait.in is "NL"; expected a list', ""),
    ("{trait: {name: x, in: []}}", 3, "rule.trait.in is an empty list", ""),
    ("{trait: {name: x, gt: many}}", 3, 'rule.trait.gt is "many"; expected a number', ""),
    ("{trait: {name: x, exists: 'yes'}}", 3, 'expected true or false', ""),
    ("{trait: {name: x, matches: '(a'}}", 3, "rule.trait.matches is no regular expression", ""),
    ("{trait: {name: x, matches: '(?=a)b'}}", 3, "rule.trait.matches is no regular expression", ""),
    ("{trait: {name: x, before: soon}}", 3, 'rule.trait.before is "soon"; expected an ISO 8601 time', ""),
    ("{performed: {within: 3 days}}", 3, 'rule.performed.within is "3 days"; expected a duration', ""),
    ("{performed: {within: 0s}}", 3, "expected a duration longer than nothing", ""),
    ("{performed: {within: 1d, after: '2026-01-01'}}", 3, "has within and after; expected only one of", ""),
    ("{performed: {at_least: 1, exactly: 2}}", 3, "has at_least and exactly; expected only one of", ""),
    ("{performed: {at_least: -1}}", 3, "expected a whole number, 0 or more", ""),
    ("{performed: {at_least: true}}", 3, "expected a whole number, 0 or more", ""),
    ("{performed: {event: []}}", 3, "expected an event's name, a pattern with *, or a list of them", ""),
    ("{performed: {between: ['2026-01-02', '2026-01-01']}}", 3,
     "rule.performed.between ends before it begins", ""),
    ("{performed: {after: '2026-01-02', before: '2026-01-01'}}", 3, "has after no earlier than before", ""),
    ("{performed: {where: {property: x, is: 1}}}", 3, "expected a list of conditions", ""),
    ("{aggregate: {event: A, function: summ, property: x, is: 1}}", 3, 'function is "summ"', "sum"),
    ("{aggregate: {event: A, function: list, property: x, is: 1}}", 3, 'function is "list"', ""),
    ("{sequence: {steps: []}}", 3, "rule.sequence.steps is an empty list; expected a list of two or more",
     ""),
    ("{sequence: {steps: [{event: A}]}}", 3, "rule.sequence.steps is a list of 1", ""),
    ("{consent: {purpose: p, state: grated}}", 3, 'rule.consent.state is "grated"', "granted"),
    ("{random: {percent: 101, salt: x}}", 3, "expected a number from 0 to 100", ""),
    ("{in_segment: {id: t}}", 3, 'no segment "t"; expected the id of a segment in the folder', ""),
    ("{in_segment: {id: s}}", 3, "a circle: s needs s", ""),
])
def test_a_rule(tmp_path: Path, rule: str, line: int, part: str, meant: str) -> None:
    found = faults(tmp_path, f"{HEAD}rule: {rule}\n")
    assert len(found) == 1, found
    assert found[0].startswith(f"d.yaml:{line}: ") and part in found[0] and "; expected " in found[0]
    assert found[0].endswith(f"; did you mean {meant}?") == bool(meant), found[0]


@pytest.mark.parametrize(("text", "part"), [
    ("kind: segmnt\nid: s", 'd.yaml:1: kind is "segmnt"; expected one of segment, computed-trait, campaign'),
    ("kind: segmnt\nid: s", "; did you mean segment?"),
    ("id: s", "d.yaml:1: no kind; expected the field kind"),
    ("just text", 'd.yaml:1: the document is "just text"; expected an object with kind and id'),
    ("kind: segment\nid: Not Kebab\nrule: {everyone: {}}",
     'd.yaml:2: id is "Not Kebab"; expected lower-case'),
    ("kind: segment\nid: s", "d.yaml:1: the document has no rule; expected the field rule"),
    ("kind: computed-trait\nid: t\nfunction: sum", "d.yaml:1: function sum without property"),
    ("kind: computed-trait\nid: t\nfunction: count\nlimit: 3",
     "d.yaml:4: limit beside count, which ignores it"),
    ("kind: computed-trait\nid: t u\nfunction: count", 'd.yaml:2: id is "t u"'),
    ("kind: computed-trait\nid: t\nfunction: coalesce\nof: [{event: A}]", "of[0] has event without property"),
    ("kind: computed-trait\nid: t\nfunction: coalesce\nof: [{trait: a, property: b}]",
     "has property beside trait"),
    ("kind: destination\nid: d\nchannel: fax\nconnector: http",
     'd.yaml:3: channel is "fax"; expected one of display'),
    ("kind: destination\nid: d\nchannel: sms\nconnector: x\nsettings:\n  nested: [{api_key: hush-hush}]",
     "d.yaml:6: settings.nested[0].api_key is a secret in clear text; expected {env: NAME}"),
    ("kind: identity\nid: i\nnamespaces: {email: {limit: {at_most: 0}}}",
     "expected a whole number, 1 or more"),
    ("kind: identity\nid: i\nnamespaces: {email: {on_conflict: kep}}", "did you mean keep?"),
    ("kind: identity\nid: i\nnamespaces: {userId: {priority: 1}}", "such as email; did you mean customer_id?"),
    ("kind: identity\nid: i\nnamespaces: {Email: {priority: 1}}", "did you mean email?"),
    ("kind: segment\nid: s\nrule: {identifier: {namespace: anonymousId}}", "did you mean cookie?"),
    ("kind: identity\nid: i\n---\nkind: identity\nid: j",
     "d.yaml:4: a second identity document, after d.yaml:1"),
    ("kind: identity\nid: i\nanonymous_expire_after: 6d", "expected never, or at least 7d"),
    ("kind: identity\nid: i\nanonymous_expire_after: 1 year", "anonymous_expire_after"),
    ("kind: identity\nid: i\nevents_expire_after: 1h", "expected never, or at least 7d"),
    ("kind: identity\nid: i\nknown_expire_after: 6d", "expected never, or at least 7d"),
    ("kind: identity\nid: i\nmessages_expire_after: 6d", "expected never, or at least 7d"),
    ("kind: identity\nid: i\nmessages_expire_after: 30d\n---\nkind: segment\nid: s\nrule: {everyone: {}}\n---\n"
     "kind: campaign\nid: c\nsegment: s\nchannels: {email: {subject: a, text: b, purpose: p}}\n"
     "cap: [{at_most: 1, per: 30d}, {at_most: 1, per: 31d}]",
     "d.yaml:13: a cap over more than the 30d for which messages are remembered; expected a shorter one, or a longer"),
    ("kind: identity\nid: i\ntraits: {sources: [crm, callcenter]}",
     "d.yaml:3: traits.sources[1] is \"callcenter\"; expected one of web, app, pos, call_center, chatbot, email, crm, "
     "ad_server; did you mean call_center?"),
    ("kind: identity\nid: i\ntraits: {sources: [crm, web, crm]}",
     "traits.sources has \"crm\" twice; expected each source once"),
    ("kind: identity\nid: i\ntraits: {sources: crm}", "traits.sources is \"crm\"; expected a list of sources"),
    ("kind: identity\nid: i\ntraits: {by_trait: {plan: newst}}",
     "expected newest, or a list of sources; did you mean newest?"),
    ("kind: identity\nid: i\ntraits: {by_trait: {plan: [wb]}}", "did you mean web?"),
    ("kind: identity\nid: i\ntraits: {by_trait: [plan]}", "expected an object of traits"),
    ("kind: identity\nid: i\ntraits: {sources: []}", "traits.sources is an empty list; expected a list of sources"),
    ("kind: identity\nid: i\nmerge: oldest", "expected known_beats_anonymous_then_oldest"),
    ("kind: consent\nid: c\npurposes: {ads: {tcf: {consent: [25]}}}", "expected a number from 1 to 24"),
    ("kind: consent\nid: c\npurposes: {ads: {us: [sales]}}", "did you mean sale?"),
    ("kind: consent\nid: c", "has no purposes"),
    ("kind: consent\nid: c\npurposes: {}\n---\nkind: consent\nid: d\npurposes: {}",
     "d.yaml:5: a second consent document, after d.yaml:1"),
])
def test_a_document(tmp_path: Path, text: str, part: str) -> None:
    found = faults(tmp_path, text)
    assert len(found) == 1 and part in found[0], found
    assert "hush-hush" not in found[0]


@pytest.mark.parametrize(("field", "part"), [
    ("segment: others",
     'no segment "others"; expected the id of a segment in the folder; did you mean other?'),
    ("trigger: enter",
     'trigger is "enter"; expected one of entered, exited, both, or {each: EVENT}; did you mean entered?'),
    ("trigger: {each: []}", "expected an event's name, a pattern with *, or a list of them"),
    ("channels: {}", "channels is empty; expected at least one of display, email, sms"),
    ("channels: {emial: {purpose: p}}", 'unknown field "emial" in channels'),
    ("channels: {sms: {text: hi}}", "channels.sms has no purpose"),
    ("channels: {sms: {text: '{{ x', purpose: p}}", "channels.sms.text is no Jinja template"),
    ("channels: {email: {subject: s, purpose: p}}",
     "channels.email has none of them; expected one of template, html, text"),
    ("cap: {at_most: 0, per: 7d}", "cap.at_most is 0"),
    ("cap: {at_most: 1001, per: 7d}", "a whole number, 1 to 1,000"),
    ("cap: {at_most: 1, per: 7d, mode: rollin}", "did you mean rolling?"),
    ("cap: {at_most: 1, per: 36h, mode: calendar}", "cap.per is no whole number of days"),
    ("quiet_hours: {from: 21:00, to: 25:00, time_zone: UTC}", 'quiet_hours.to is "25:00"'),
    ("quiet_hours: {from: 21:00, to: 21:00, time_zone: UTC}", "quiet_hours ends as it begins"),
    ("quiet_hours: {from: 21:00, to: 8:00, time_zone: UTC}", 'quiet_hours.to is "8:00"'),
    ("quiet_hours: {from: 21:00, to: 08:00, time_zone: Europe/Amsterdm}", "did you mean Europe/Amsterdam?"),
    ("{starts: 2026-11-01, ends: 2026-11-01T00:00:00Z}", "ends is no later than starts"),
    ("status: life", "did you mean live?"),
])
def test_a_campaign(tmp_path: Path, field: str, part: str) -> None:
    lines = {"kind": "campaign", "id": "c", "segment": "other", "channels": "{sms: {text: hi, purpose: p}}"}
    for pair in field[1:-1].split(", ") if field.startswith("{") else [field]:
        name, _, value = pair.partition(": ")
        lines[name] = value
    text = "\n".join(f"{name}: {value}" for name, value in lines.items())
    found = faults(tmp_path, f"{text}\n---\nkind: segment\nid: other\nrule: {{everyone: {{}}}}\n")
    assert len(found) == 1 and part in found[0], found


def test_all_faults_of_a_folder_at_once_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    rules = "  - trait: {name: x, iss: 1}\n  - preformed: {}\n"
    (tmp_path / "a.yaml").write_text(f"{HEAD}rule:\n  all:\n{rules}")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.json").write_text('{"kind": "segment",\n\n"id": "s",\n"rule": {"everyone": 1}}')
    (tmp_path / "c.yml").write_text("kind: [\n")
    found = faults(tmp_path, "kind: segment\nid: x\n")
    assert [fault.split(" ")[0] for fault in found] == [
        "c.yml:2:", "a.yaml:5:", "a.yaml:6:", "d.yaml:1:", "sub/b.json:3:", "sub/b.json:4:",
    ]
    assert 'segment "s" a second time, after a.yaml:2' in found[4]


@pytest.mark.parametrize(("name", "text", "part"), [
    ("x.yaml", "a: 1\nb: [1, 2\nc: 3", "x.yaml:3: "),
    ("x.yaml", "kind: segment\nkind: segment",
     'x.yaml:2: the key "kind" a second time; expected each key once'),
    ("x.yaml", "kind: segment\n{name}: s", "x.yaml:2: a list or an object as a key; expected a text"),
    ("x.yaml", "a: !ruby/object 1", "x.yaml:1: the tag !ruby/object of \"1\"; expected plain YAML"),
    ("x.yaml", "a: &b [*b]", "nested too deeply"),
    ("x.yaml", f"{HEAD}rule: {'{not: ' * 150}{{everyone: {{}}}}{'}' * 150}", "nested too deeply"),
    ("x.yaml", f"a: {'[' * 5000}", "nested too deeply"),
    ("x.yaml", 'a: "\\UFFFFFFFF"', "a forbidden character"),
    ("x.yaml", 'a: "\\U00110000"', "a forbidden character"),
    ("x.json", '{"kind": "segment",\n "id" "s"}', "x.json:2: Expecting ':' delimiter; expected valid JSON"),
    ("x.json", "[" * 100_000, "nested too deeply"),
])
def test_a_text_that_is_no_document(tmp_path: Path, name: str, text: str, part: str) -> None:
    assert any(part in fault for fault in faults(tmp_path, text, name))


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes("name: café".encode("latin-1"))
    assert "x.yaml:1: a text that is not UTF-8; expected UTF-8" in faults(tmp_path)


def test_a_circle_of_segments_is_said_once(tmp_path: Path) -> None:
    text = "\n---\n".join(
        f"kind: segment\nid: {one}\nrule: {{in_segment: {{id: {other}}}}}" for one, other in ("ab", "bc",
                                                                                              "ca", "da")
    )
    found = faults(tmp_path, text)
    assert found == (
        "d.yaml:11: a circle: a needs b needs c needs a; expected no document that needs itself",
    )


def test_a_circle_of_computed_traits_but_a_trait_may_name_the_plain_one_of_its_name(tmp_path: Path) -> None:
    text = "\n---\n".join(
        f"kind: computed-trait\nid: {one}\nfunction: coalesce\nof: [{{trait: [{other}]}}]"
        for one, other in ("aa", "bc", "cb")
    )
    assert faults(tmp_path, text) == (
        "d.yaml:14: a circle: b needs c needs b; expected no document that needs itself",
    )


def test_a_circle_of_computed_traits_through_paths(tmp_path: Path) -> None:
    text = "\n---\n".join(f"kind: computed-trait\nid: {one}\nfunction: coalesce\nof: [{{trait: {other}}}]"
                          for one, other in (("a", "b.c.x"), ("b.c", "a.y"), ("d", "d.x")))
    assert faults(tmp_path, text) == ("d.yaml:9: a circle: a needs b.c needs a; expected no document that needs itself",)


def test_an_unknown_destination_where_destinations_are_defined(tmp_path: Path) -> None:
    text = (
        "kind: destination\nid: gam\nchannel: display\nconnector: http\n---\n"
        "kind: segment\nid: s\nrule: {everyone: {}}\n---\n"
        "kind: campaign\nid: c\nsegment: s\nchannels:\n  display:\n    audience: a\n    purpose: p\n"
        "    destinations: [gam, gan]"
    )
    assert "d.yaml:17: no destination \"gan\"" in faults(tmp_path, text)[0]


def test_a_member_is_never_shown(tmp_path: Path) -> None:
    found = faults(tmp_path, f"{HEAD}rule: {{members: [jane@example.com, 'email:null', 'phone:12', 'my id:7']}}")
    assert len(found) == 4
    assert not any("jane" in fault.split(";")[0] or "12" in fault.split(";")[0] for fault in found)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no such folder; expected a folder of definition files"):
        load_folder(tmp_path / "missing")


def test_documents_of_the_topic_name_their_key() -> None:
    with pytest.raises(Misconfigured,
                       match=r"^segment/s: the document has no rule; expected the field rule$"):
        build({"segment/s": {"kind": "segment", "id": "s"}}, 1, {})
    with pytest.raises(Misconfigured, match=r"^segment/s: rule.members names a file"):
        build({"segment/s": {"kind": "segment", "id": "s", "rule": {"members": {"file": "x"}}}}, 1, {})


def test_aliases_that_stand_for_too_much_are_refused_at_once(tmp_path: Path) -> None:
    rows = ["&a0 {everyone: {}}"]
    rows += [f"&a{level} {{all: [{', '.join([f'*a{level - 1}'] * 9)}]}}" for level in range(1, 9)]
    text = HEAD + "rule:\n  all:\n" + "".join(f"  - {row}\n" for row in rows)
    found, = faults(tmp_path, text)
    assert found.endswith("aliases that stand for more than 100,000 parts; expected fewer, or what they stand for in a file")


@pytest.mark.parametrize(("merged", "found"), [
    ("{<<: 5, event: A}", "<< is no object"), ("{<<: [[]], event: A}", "<< is no object"),
])
def test_a_merge_key_names_objects(merged: str, found: str, tmp_path: Path) -> None:
    said, = faults(tmp_path, f"{HEAD}rule: {{performed: {merged}}}")
    assert said == f"d.yaml:3: {found}; expected an object, or a list of them"


def test_a_node_without_fields_says_so(tmp_path: Path) -> None:
    said, = faults(tmp_path, f"{HEAD}rule:\n  everyone:\n")
    assert said == "d.yaml:4: rule.everyone is null; expected an empty object, {}"


@pytest.mark.parametrize(("name", "text"), [("d.yaml", HEAD + 'rule: {trait: {name: "\\ud800", is: 1}}'), (
    "d.json", '{"kind": "segment", "id": "s",\n\n"rule": {"trait": {"name": "x", "is": "a\\udfff"}}}')])
def test_half_a_surrogate_pair_is_refused_with_its_line(tmp_path: Path, name: str, text: str) -> None:
    assert faults(tmp_path, text, name) == (
        f"{name}:3: half a surrogate pair, which no UTF-8 can hold; expected whole characters",)


def test_a_whole_pair_is_a_character(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"kind": "segment", "id": "s", "name": "\\ud83d\\ude00", "rule": {"everyone": {}}}')
    assert load_folder(tmp_path).sources["segment/s"]["name"] == "\N{GRINNING FACE}"


@pytest.mark.parametrize("found", ["[sms]", "{a: b}"])
def test_a_destinations_channel_is_a_word(tmp_path: Path, found: str) -> None:
    text = f"kind: destination\nid: d\nchannel: {found}\nconnector: http\nsettings: {{url: https://example.org}}"
    [fault] = faults(tmp_path, text)
    assert fault.startswith("d.yaml:3: channel is ") and "expected one of" in fault
