"""Sizes before they are so: exact where everybody was looked at, else within the error that is stated."""
from __future__ import annotations

from typing import Any

import pytest

from streams.cli import main
from streams.cli.sizes import asked as question_of
from streams.cli.sizes import said, sized
from streams.core.values import Json
from streams.runtime.outside.estimates import Estimates, basis, estimates, readable
from streams.testing import Pipeline
from tests.pipeline.test_standing import EVERYBODY, one

PEOPLE = 3_000
BOUGHT = {"performed": {"event": "A"}}


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """`s` are the 600 that did A; everybody did B."""
    pipeline = Pipeline(one(BOUGHT) | EVERYBODY, 3)
    for place in range(PEOPLE):
        name = "B" if place % 5 else "A"
        pipeline.send({"type": "track", "event": name, "anonymousId": f"c{place}", "messageId": f"m{place}"}, 0)
    return pipeline


def asked(pipeline: Pipeline, documents: Json, **how: Any) -> Estimates:
    return estimates({answer.partition: answer.body for answer in pipeline.ask(documents, **how)}, how.get("shown", 0))


def test_exact_over_all_tasks_with_overlap_and_a_sample(pipeline: Pipeline) -> None:
    found = asked(pipeline, one({"performed": {"event": ["A", "B"]}}, "all"), shown=4, segments=["all"])
    assert found.is_exact and (found.profiles, found.looked_at) == (PEOPLE, PEOPLE)
    each = found.segments["all"]
    assert (each.now, each.then, each.margin, each.entering, each.leaving) == (0, PEOPLE, 0, PEOPLE, 0)
    assert each.overlap == {"everybody": PEOPLE, "s": PEOPLE // 5}
    assert len(each.sample) == 4 and all(pipeline.profile(who) for who in each.sample)
    assert list(readable(found, ["all"])) == [
        "all: 0 -> 3,000 members, 3,000 would enter, 0 leave; exact, all 3,000 profiles looked at",
        "  its members are also in",
        "    everybody: 3,000 (100% of them)",
        "    s: 600 (20% of them)",
        f"  some of them: {', '.join(each.sample)}"]


def test_as_many_members_are_named_as_asked_for_wherever_they_are(pipeline: Pipeline) -> None:
    found = asked(pipeline, one({"members": [f"cookie:c{place}" for place in range(9)]}, "few"), shown=9, segments=["few"])
    assert set(found.segments["few"].sample) == {f"cookie:c{place}" for place in range(9)}


def test_what_stands_as_it_is_can_be_previewed_too(pipeline: Pipeline) -> None:
    each = asked(pipeline, {}, segments=["s"]).segments["s"]
    assert (each.now, each.then, each.entering, each.leaving) == (600, 600, 0, 0)


def body(profiles: int, looked_at: int, entering: int, leaving: int) -> Json:
    """The answer of a task that has 200 members, 20 of them among those looked at."""
    row = {"present": 20, "entering": entering, "leaving": leaving, "both": {}, "sample": []}
    return {"preview": {"looked_at": looked_at, "is_exact": looked_at == profiles, "segments": {"s": row}},
            "standing": {"profiles": profiles, "segments": {"s": {"members": 200}}}}


@pytest.mark.parametrize(("sampled", "then", "margin"), [
    (body(1_000, 100, 30, 10), 424, 112),  # 1,000 sqrt((41/101 - 0.2²) / 100 · 0.9) · 1.96
    (body(1_000, 100, 0, 0), 224, 19),  # 1,000 sqrt(1/101 / 100 · 0.9) · 1.96
    (body(1_000, 0, 0, 0), 224, 0),
])
def test_the_error_is_that_of_the_difference_in_what_was_sampled(sampled: Json, then: int, margin: int) -> None:
    each = estimates({0: sampled, 1: body(50, 50, 5, 1)}, 0).segments["s"]
    assert (each.now, each.then, each.margin) == (220, then, margin)


def test_the_stated_error_holds(pipeline: Pipeline) -> None:
    """Twenty changes of which the truth is known, a fifth of the people looked at: at most three fall outside of 95 %."""
    outside = 0
    for salt in range(20):
        change = one({"any": [BOUGHT, {"random": {"percent": 30, "salt": f"s{salt}"}}]})
        exact, sampled = asked(pipeline, change), asked(pipeline, change, people=200)
        truth, told = exact.segments["s"].then, sampled.segments["s"]
        assert not sampled.is_exact and 400 < sampled.looked_at < 800 and sampled.profiles == PEOPLE
        assert told.now == 600, "what stands is counted, not estimated"
        assert 0 < told.margin < 250
        outside += abs(told.then - truth) > told.margin
    assert outside <= 3


def test_who_saw_no_change_in_a_sample_does_not_say_that_there_is_none(pipeline: Pipeline) -> None:
    change = one({"any": [BOUGHT, {"members": ["cookie:c1"]}]})
    told = asked(pipeline, change, people=100).segments["s"]
    assert told.then in range(600, 700) and told.margin > 0


def test_a_diff_shows_the_sizes_and_what_changes_with_it() -> None:
    own = Pipeline(one(BOUGHT) | one({"in_segment": {"id": "s"}}, "above"), 2)
    for name in ("A", "B", "B"):
        own.send({"type": "track", "event": name, "anonymousId": f"{name}{own.now}"}, own.now + 1)
    changed = [{"definition": "segment/s", "change": "change", "version": 2},
               {"definition": "campaign/c", "change": "add", "version": 1}]
    rows = sized(changed, asked(own, one({"performed": {"event": "B"}})))
    assert [(row["definition"], row["change"], row.get("members", {}).get("then")) for row in rows] == [
        ("segment/s", "change", 2), ("campaign/c", "add", None), ("segment/above", "affect", 2)]
    assert said(rows[0]) == ": 1 -> 2 members, 2 would enter, 1 leave" and said(rows[1]) == ""


def test_a_segment_may_go_together_with_its_campaign_or_be_left_by_it() -> None:
    mail = {"email": {"subject": "s", "text": "t", "purpose": "email-marketing"}}
    campaign: Json = {"kind": "campaign", "id": "c", "segment": "s", "channels": mail}
    own = Pipeline(one(BOUGHT) | EVERYBODY | {"campaign/c": campaign}, 2)
    own.send({"type": "track", "event": "A", "anonymousId": "c1"}, own.now + 1)
    for after in (None, campaign | {"segment": "everybody"}):
        found = asked(own, question_of({"segment/s": None, "campaign/c": after})).segments["s"]
        assert (found.now, found.then) == (1, 0)
    assert question_of({"campaign/c": None}) == {}


def test_the_basis_of_an_estimate_is_said(pipeline: Pipeline) -> None:
    found = asked(pipeline, one({"not": BOUGHT}), people=100)
    assert basis(found) == f"from {found.looked_at:,} of 3,000 profiles; ± holds in 95 of 100 cases"
    assert "about" in "\n".join(readable(found, ["s"]))


def test_nobody_asked_is_nobody_found() -> None:
    assert estimates({}, 10) == Estimates(profiles=0, looked_at=0, is_exact=True, segments={})


@pytest.mark.parametrize("words", [
    ["preview", "nowhere.yaml"], ["preview", __file__, "--people", "-1"], ["list", "--within", "0"], ["history"],
    ["rollback", "s", "--to", "first"]])
def test_wrong_words_are_refused_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["segment", *words])
    assert ended.value.code == 2
