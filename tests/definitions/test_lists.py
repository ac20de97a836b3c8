"""Long lists of members: kept as digests in parts, the same rule as the short list, and told apart by content alone."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.core.errors import Misconfigured
from streams.core.segments.listed import Digests, digest_of, packed
from streams.definitions import build, lists, load_file, load_folder
from streams.runtime.outside.definitions_log import LISTS_KEPT
from streams.task.publishing import revise
from streams.testing import Pipeline
from streams.unit import Inbound
from tests.cli.test_segment_versions import Applied
from tests.definitions.refused import faults

SEGMENT = "kind: segment\nid: invited\nrule: {members: {file: invited.txt}}\n"
MANY = 10_000


def folder(path: Path, members: list[str], text: str = SEGMENT) -> Path:
    path.mkdir(exist_ok=True)
    (path / "invited.yaml").write_text(text)
    (path / "invited.txt").write_text("# who is invited\n\n" + "\n".join(members))
    return path


def people(number: int) -> list[str]:
    return [f"email:Person{place}@Example.com" for place in range(number)]


def see(pipeline: Pipeline, *places: int) -> None:
    for place in places:
        traits = {"email": f"person{place}@example.com"}
        pipeline.send({"type": "identify", "anonymousId": f"c{place}", "messageId": f"m{place}", "traits": traits})


def greet(pipeline: Pipeline, *places: int) -> set[str]:
    """Who of these is invited, once they have been seen."""
    see(pipeline, *places)
    return {who for who in pipeline.members("invited") if who.startswith("cookie:")}


def test_ten_thousand_are_members_and_nobody_else_is(tmp_path: Path) -> None:
    pipeline = Pipeline(folder(tmp_path, people(MANY)), 3)
    assert greet(pipeline, 0, MANY - 1, MANY, 4_711) == {"cookie:c0", f"cookie:c{MANY - 1}", "cookie:c4711"}
    assert pipeline.memberships[0].because.startswith("one of 10000 listed identifiers")


@pytest.mark.parametrize("number", [1, 50, 3_000])
def test_digests_hold_what_was_put_in_and_nothing_else(number: int) -> None:
    inside = [f"cookie:{place}" for place in range(number)]
    found = Digests(packed(sorted(map(digest_of, inside))))
    assert len(found) == number and all(map(found.__contains__, inside))
    assert not any(f"cookie:{place}" in found for place in range(number, number + 5_000))


def test_a_digest_is_the_same_for_ever() -> None:
    """Lists stand on topics: another hash would empty them all."""
    assert digest_of("email:jane@example.com") == 0xf6775638c5562102
    assert packed([1, 1 << 40]).hex() == "00000000000000010000010000000000"


def test_parts_are_small_named_by_content_and_one_line_changes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "IN_A_PART", 500)
    before = load_folder(folder(tmp_path, people(MANY))).sources
    again = load_folder(folder(tmp_path, [each.lower() for each in reversed(people(MANY))])).sources
    assert again == before, "order, case and repeats are no change"
    parts = {key for key in before if lists.is_part(key)}
    assert len(parts) == 32 and all(len(json.dumps(before[key])) < 8_000 for key in parts)
    changed = load_folder(folder(tmp_path, [*people(MANY), "email:one.more@example.com"])).sources
    assert len(parts - changed.keys()) == 1 and len(changed) == len(before)
    assert set(lists.parts_of(before["segment/invited"])) == parts
    assert "example.com" not in json.dumps(before), "no address stands in a topic"


def test_applying_twice_changes_nothing_and_a_short_list_stays_readable(tmp_path: Path) -> None:
    sources = load_folder(folder(tmp_path, people(MANY))).sources
    assert revise(revise({}, sources), load_folder(tmp_path).sources) == {}
    short = load_folder(folder(tmp_path / "short", ["cookie:c1"])).sources
    assert short == {"segment/invited": {"kind": "segment", "id": "invited", "rule": {"members": ["cookie:c1"]}}}


def test_a_long_list_in_the_file_itself_is_the_same(tmp_path: Path) -> None:
    from_file = load_folder(folder(tmp_path, people(2_000))).sources
    inline = f"kind: segment\nid: invited\nrule: {{members: {json.dumps(people(2_000))}}}\n"
    assert load_folder(folder(tmp_path / "inline", [], inline)).sources == from_file


def test_faults_are_said_with_their_lines_and_without_their_values(tmp_path: Path) -> None:
    wrong = ["jane@example.com" if place % 400 == 7 else who for place, who in enumerate(people(MANY))]
    said = faults(folder(tmp_path, wrong))
    assert said[0].startswith("invited.txt:10: rule.members[7] is no identifier; expected an identifier, namespace:value")
    assert len(said) == 21 and said[-1].startswith("invited.yaml:3: 5 more of rule.members are no identifiers")
    assert "jane" not in "".join(each.split(";")[0] for each in said)


def test_more_than_the_limit_is_refused_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lists.MOST >= 1_000_000
    monkeypatch.setattr("streams.definitions.inline.MOST", 5_000)
    with pytest.raises(Misconfigured, match=r"rule\.members lists 10,000 identifiers; expected at most 5,000"):
        load_folder(folder(tmp_path, people(MANY)))


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    sources = dict(load_folder(folder(tmp_path, people(2_000))).sources)
    part = next(key for key in sources if lists.is_part(key))
    assert len(build(sources, 1, {}).segments) == 1
    del sources[part]
    with pytest.raises(Misconfigured, match=r"segment/invited: rule\.members names parts of a list that are not there"):
        build(sources, 1, {})


def test_a_file_beside_what_stands(tmp_path: Path) -> None:
    standing = load_folder(folder(tmp_path, people(2_000))).sources
    (tmp_path / "new.yaml").write_text("kind: segment\nid: new\nrule: {in_segment: {id: invited}}\n")
    found, segments = load_file(tmp_path / "new.yaml", lambda: standing)
    assert segments == ("new",) and standing.items() <= found.sources.items()


def test_a_rollback_brings_the_list_back(tmp_path: Path) -> None:
    applied = Applied()
    applied.apply(load_folder(folder(tmp_path, people(2_000))).sources)
    applied.apply(load_folder(folder(tmp_path, people(1_500))).sources)
    assert greet(applied.pipeline, 1, 1_700) == {"cookie:c1"}
    applied.roll_back("invited")
    assert greet(applied.pipeline) == {"cookie:c1", "cookie:c1700"}
    assert applied.apply(load_folder(folder(tmp_path, people(2_000))).sources) == 0


def test_only_the_lists_of_the_newest_versions_are_kept(tmp_path: Path) -> None:
    """A list that changes every day must not grow the topic for ever; what else the versions said stays."""
    applied = Applied()
    for number in range(2_000, 2_006):
        applied.apply(load_folder(folder(tmp_path, people(number))).sources)
    kept = [key for key, versions in applied.history.versions.items() if lists.is_part(key) and versions]
    assert len(kept) == LISTS_KEPT + 1, "with the one in force, which is the newest of them after the next change"
    assert sorted(applied.history.versions["segment/invited"]) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(Misconfigured, match="the list of that version is no longer kept, as those of the newest 3"):
        applied.roll_back("invited", to=1)
    assert applied.roll_back("invited", to=4) > 0
    assert greet(applied.pipeline, 2_002, 2_003) == {"cookie:c2002"}


def test_a_worker_passes_over_the_end_of_a_version() -> None:
    pipeline = Pipeline({}, 1)
    pipeline._waiting[0].append(Inbound("definitions", 0, 1, b"members/0@1", None, 0))
    pipeline._drain()
    assert pipeline.rejected == []
    pipeline._waiting[0].append(Inbound("definitions", 0, 2, b"segment/s", None, 0))
    pipeline._drain()
    assert len(pipeline.rejected) == 1


def test_a_preview_takes_a_long_list(tmp_path: Path) -> None:
    pipeline = Pipeline({}, 2)
    see(pipeline, 0, MANY - 1, MANY)
    [first, second] = pipeline.ask(load_folder(folder(tmp_path, people(MANY))).sources)
    assert sum(each.body["preview"]["segments"]["invited"]["after"] for each in (first, second)) == 2


def test_a_file_with_something_beside_it(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(SEGMENT.replace("invited.txt", "invited.txt, name: x"))
    assert faults(tmp_path) == (
        'd.yaml:3: unknown field "name" in rule.members; expected file alone, or the list',)
