"""A folder read whole: every kind, files inlined, and the same again from the inlined documents."""
from __future__ import annotations

import json
import os
from pathlib import Path

import orjson
import pytest

from streams.core.definitions import (
    Campaign,
    Cap,
    Channel,
    Coalesce,
    ComputedTrait,
    Destination,
    Namespace,
    OnConflict,
    QuietHours,
    Segment,
    Status,
    Trigger,
)
from streams.core.identifiers import DEFAULT_NAMESPACES
from streams.core.segments.rules import EventMatch, Function, Members, Window
from streams.definitions import build, load_folder
from tests.definitions.refused import faults

DAY = 86_400_000

SHOP = """\
kind: segment
id: vips
name: Our best
owner: marketing
rule: {members: {file: lists/vips.txt}}
---
kind: computed-trait
id: Orders_7d.nl
function: count
event: Order Completed
within: 7d
---
kind: computed-trait
id: any-email
function: coalesce
of: [{trait: any-email}, {trait: e.mail}, {event: [Signed Up, Asked], property: email}]
---
kind: campaign
id: win-back
segment: vips
trigger: {each: Order *}
channels:
  sms: {text: "Hi {{ name }}", purpose: sms-marketing}
  email: {subject: "{{ name }}", template: mail/cart.html.j2, purpose: email-marketing}
  display: {audience: cart-nl, destinations: [gam], purpose: personalised-ads}
cap: {at_most: 2, per: 7d, mode: calendar}
quiet_hours: {from: 21:00, to: 08:00, time_zone: Europe/Amsterdam}
starts: 2026-11-01T00:00:00Z
ends: 2026-12-31
status: live
---
kind: destination
id: gam
channel: display
connector: google-customer-match
settings: {url: "https://example.com", password: {env: GAM_PASSWORD}}
hashing: sha256
---
kind: identity
id: rules
merge: known_beats_anonymous_then_oldest
namespaces:
  email: {limit: {at_most: 2, per: 30d}, blocked: [info@example.com]}
  loyalty: {priority: 2, on_conflict: last_login}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SHOP)
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "vips.txt").write_text("# ours\ncustomer_id:1\n\nemail:A@b.nl\n")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "cart.html.j2").write_text("<p>{{ name }}</p>")
    return tmp_path


def test_segments_with_their_member_lists(shop: Path) -> None:
    listed = Members(identifiers=frozenset({"customer_id:1", "email:a@b.nl"}))
    assert load_folder(shop).segments == (Segment(id="vips", rule=listed, name="Our best"),)


def test_computed_traits(shop: Path) -> None:
    signed_up = EventMatch(names=("Signed Up", "Asked"))
    assert load_folder(shop).computed_traits == (
        ComputedTrait(id="Orders_7d.nl", function=Function.COUNT,
                      match=EventMatch(names=("Order Completed",)),
                      window=Window(within=7 * DAY)),
        ComputedTrait(id="any-email", function=Function.COALESCE,
                      of=(Coalesce(trait=("any-email",)), Coalesce(trait=("e", "mail")),
                          Coalesce(match=signed_up, property=("email",)))),
    )


def test_campaigns_with_their_templates(shop: Path) -> None:
    html = "<p>{{ name }}</p>"
    assert load_folder(shop).campaigns == (Campaign(
        id="win-back", segment="vips", trigger=Trigger.EACH, each=("Order *",), status=Status.LIVE,
        channels=(
            Channel(name="display", purpose="personalised-ads",
                    content=(("audience", "cart-nl"), ("destinations", ("gam",)))),
            Channel(name="email", purpose="email-marketing", content=(("html", html),
                                                                      ("subject", "{{ name }}"))),
            Channel(name="sms", purpose="sms-marketing", content=(("text", "Hi {{ name }}"),)),
        ),
        caps=(Cap(at_most=2, per=7 * DAY, calendar="Europe/Amsterdam"),),
        quiet_hours=QuietHours(start="21:00", end="08:00", time_zone="Europe/Amsterdam"),
        starts=1_793_491_200_000, ends=1_798_675_200_000,
    ),)


def test_destinations(shop: Path) -> None:
    assert load_folder(shop).destinations == (Destination(
        id="gam", channel="display", connector="google-customer-match", hashing="sha256",
        settings=(("password", {"env": "GAM_PASSWORD"}), ("url", "https://example.com")),
    ),)


def test_namespaces_left_out_and_fields_left_out_keep_the_default_row(shop: Path) -> None:
    rows = {row.name: row for row in load_folder(shop).namespaces}
    assert rows["email"] == Namespace(
        name="email", priority=2, at_most=2, per=30 * DAY, blocked=frozenset({"info@example.com"}),
    )
    assert rows["loyalty"] == Namespace(name="loyalty", priority=2, at_most=5,
                                        on_conflict=OnConflict.LAST_LOGIN)
    assert rows["cookie"] == next(row for row in DEFAULT_NAMESPACES if row.name == "cookie")
    assert [*rows] == ["customer_id", "email", "loyalty", "phone", "device_id", "device_ad_id", "cookie"]


def test_an_empty_folder_is_the_default_table_and_nothing_else(tmp_path: Path) -> None:
    found = load_folder(tmp_path)
    assert found.namespaces == DEFAULT_NAMESPACES
    assert not (found.segments or found.campaigns or found.sources)


def test_sources_are_inlined_json_and_build_the_same_definitions(shop: Path) -> None:
    loaded = load_folder(shop)
    travelled = json.loads(json.dumps(loaded.sources, sort_keys=True))
    assert build(travelled, 0, {}) == loaded
    assert loaded.sources["segment/vips"]["rule"] == {"members": ["customer_id:1", "email:A@b.nl"]}
    assert loaded.sources["campaign/win-back"]["channels"]["email"] == {
        "subject": "{{ name }}", "html": "<p>{{ name }}</p>", "purpose": "email-marketing",
    }


def test_versions_and_revision_are_the_callers(shop: Path) -> None:
    built = build(load_folder(shop).sources, 7, {"segment/vips": 3, "campaign/win-back": 2})
    assert (built.revision, built.segments[0].version, built.campaigns[0].version) == (7, 3, 2)
    assert built.computed_traits[0].version == 1


def test_a_fault_in_a_template_is_said_at_the_template(shop: Path) -> None:
    (shop / "mail" / "cart.html.j2").write_text("<p>\n{% if x %}\n{{ }}")
    [fault] = faults(shop)
    assert fault.startswith("mail/cart.html.j2:3: channels.email.html is no Jinja template")


def test_a_fault_in_a_member_list_is_said_at_its_line(shop: Path) -> None:
    (shop / "lists" / "vips.txt").write_text("# ours\ncustomer_id:1\nJane\n")
    [fault] = faults(shop)
    assert fault.startswith("lists/vips.txt:3: rule.members[1] is no identifier")


def test_a_missing_file_with_the_nearest_one(shop: Path) -> None:
    (shop / "mail" / "cart.html.j2").rename(shop / "mail" / "carts.html.j2")
    expected = "a file, named relative to the folder; did you mean mail/carts.html.j2?"
    assert faults(shop) == (f'shop.yaml:24: "mail/cart.html.j2" cannot be read; expected {expected}',)


def test_a_file_is_named_from_the_folder_or_from_beside_the_definition(tmp_path: Path) -> None:
    """The one in the folder comes first. What is wrong in either is said where it stands."""
    (tmp_path / "vip").mkdir()
    (tmp_path / "vip" / "s.yaml").write_text("kind: segment\nid: s\nrule: {members: {file: list.txt}}\n")
    (tmp_path / "vip" / "list.txt").write_text("customer_id:beside\n")
    assert load_folder(tmp_path).sources["segment/s"]["rule"] == {"members": ["customer_id:beside"]}
    (tmp_path / "vip" / "list.txt").write_text("Jane\n")
    assert faults(tmp_path)[0].startswith("vip/list.txt:1: rule.members[0] is no identifier")
    (tmp_path / "list.txt").write_text("customer_id:folder\n")
    assert load_folder(tmp_path).sources["segment/s"]["rule"] == {"members": ["customer_id:folder"]}


def test_a_list_that_is_no_file_is_not_waited_for(shop: Path) -> None:
    """`file: /dev/zero` was read until memory ran out, and a pipe without a writer for ever."""
    (shop / "lists" / "vips.txt").unlink()
    os.mkfifo(shop / "lists" / "vips.txt")
    [fault] = faults(shop)
    assert '"lists/vips.txt" cannot be read; expected a file' in fault


@pytest.mark.parametrize("form", ["[{0},\n{1}]", "{0}\n{1}\n", "\n{0} {1}"])
def test_json_files_hold_several_documents_too(tmp_path: Path, form: str) -> None:
    rule = {"all": []}
    written = [json.dumps({"kind": "segment", "id": each, "rule": rule}, indent="\t") for each in "ab"]
    (tmp_path / "x.json").write_text(form.format(*written))
    assert [segment.id for segment in load_folder(tmp_path).segments] == ["a", "b"]


MERGED = """\
kind: segment
id: a
rule:
  all:
  - performed: &shop {event: Shopped, within: 1d, at_least: 2}
  - performed: {<<: *shop, event: Paid}
  - performed: {event: Read, <<: [{within: 2d}, *shop]}
  - trait: {name: "<<", is: 1}
"""


def test_yaml_merges_keys_as_elsewhere_and_the_written_ones_win(tmp_path: Path) -> None:
    (tmp_path / "x.YAML").write_text(MERGED)
    rules = load_folder(tmp_path).sources["segment/a"]["rule"]["all"]
    assert [each["performed"] for each in rules[:3]] == [
        {"event": "Shopped", "within": "1d", "at_least": 2}, {"event": "Paid", "within": "1d", "at_least": 2},
        {"event": "Read", "within": "2d", "at_least": 2}]
    assert rules[3] == {"trait": {"name": "<<", "is": 1}}


@pytest.mark.parametrize("value", ["[a, 1]", "[]", "[true]"])
def test_whole_lists_are_compared_by_is_and_is_not(value: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(f"kind: segment\nid: a\nrule: {{any: [{{trait: {{name: x, is: {value}}}}}, "
                                     f"{{trait: {{name: x, is_not: {value}}}}}]}}")
    assert load_folder(tmp_path).segments[0].id == "a"


def test_words_that_yaml_1_1_would_change_stay_as_written(tmp_path: Path) -> None:
    values = "[NO, on, 0612, 21:00, 1e3, 12, -1.5, true, 2026-01-01]"
    (tmp_path / "x.yaml").write_text(f"kind: segment\nid: a\nrule: {{trait: {{name: x, in: {values}}}}}")
    assert load_folder(tmp_path).sources["segment/a"]["rule"]["trait"]["in"] == [
        "NO", "on", "0612", "21:00", 1000.0, 12, -1.5, True, "2026-01-01",
    ]


@pytest.mark.parametrize(("name", "text"), [
    ("d.yaml", "kind: segment\nid: s\nrule: {trait: {name: n, is: %s}}"),
    ("d.json", '{"kind": "segment", "id": "s",\n\n"rule": {"trait": {"name": "n", "is": %s}}}')])
def test_numbers_are_read_as_in_events(tmp_path: Path, name: str, text: str) -> None:
    for written, read in (("18446744073709551615", 2**64 - 1), ("18446744073709551616", 2.0**64), ("-" + "9" * 30, -1e30)):
        (tmp_path / name).write_text(text % written)
        found = load_folder(tmp_path).sources["segment/s"]["rule"]["trait"]["is"]
        assert (found, type(found)) == (read, type(read))
        assert found == orjson.loads(written)
    for written in ("9" * 5_000, "1e999", "-1e999"):
        assert faults(tmp_path, text % written, name) == (
            f"{name}:3: a number that JSON cannot hold; expected a finite one",)


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_template_is_no_message(shop: Path, text: str) -> None:
    (shop / "mail" / "cart.html.j2").write_text(text)
    assert faults(shop) == ('shop.yaml:24: "mail/cart.html.j2" is empty; expected a template',)
