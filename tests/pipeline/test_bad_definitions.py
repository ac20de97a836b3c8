"""A revision that a task cannot read, written past `audience apply` or by a newer version, puts nothing out of force."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.definitions import Definitions
from streams.core.errors import Misconfigured
from streams.core.press import Pressed
from streams.core.values import Json
from streams.runtime.outside.definitions_log import History
from streams.task.publishing import HEAD, Published, check_sizes, revise
from streams.task.publishing import LARGEST as LARGEST_DEFINITION
from streams.testing import Pipeline
from streams.unit import LAST, Inbound
from tests.pipeline.test_press import fans, mailed
from tests.strategies import START
from tests.task.drawing import JSON, TEXT


def _segment(name: str, rule: Json) -> dict[str, Json]:
    return {f"segment/{name}": {"kind": "segment", "id": name, "rule": rule}}


CARTS = _segment("carts", {"performed": {"event": "Product Added"}})
SEEN = _segment("seen", {"performed": {"event": "Page Viewed"}})
NEWER = _segment("newer", {"telepathy": {}})


def _pipeline() -> Pipeline:
    pipeline = Pipeline(CARTS, partitions=3, start=START)
    pipeline.send({"type": "track", "event": "Product Added", "messageId": "m1", "anonymousId": "c1"})
    return pipeline


def _write(pipeline: Pipeline, documents: dict[str, Json]) -> None:
    """Onto the topic, as whoever does not ask `apply` would."""
    pipeline._publish(revise(pipeline._standing, documents))


def test_what_was_in_force_goes_on_and_every_task_says_why() -> None:
    pipeline = _pipeline()
    _write(pipeline, CARTS | SEEN | NEWER)
    assert len(pipeline.rejected) == 3
    assert all('unknown node "telepathy"' in reason and "revision 2" in reason for _, reason in pipeline.rejected)
    pipeline.send({"type": "track", "event": "Product Added", "messageId": "m2", "anonymousId": "c2"})
    assert pipeline.members("carts") == {"cookie:c1", "cookie:c2"}


@pytest.mark.parametrize("mended", [CARTS | SEEN, CARTS | SEEN | _segment("newer", {"everyone": {}})])
def test_what_mends_it_puts_all_of_it_in_force(mended: dict[str, Json]) -> None:
    pipeline = _pipeline()
    _write(pipeline, CARTS | SEEN | NEWER)
    _write(pipeline, mended)
    pipeline.send({"type": "page", "messageId": "m2", "anonymousId": "c2"})
    assert pipeline.members("seen") == {"cookie:c2"}
    assert {f"segment/{name}" for name in pipeline.plan.segments} == mended.keys()


def test_whoever_applies_to_a_pipeline_is_told() -> None:
    pipeline = _pipeline()
    with pytest.raises(Misconfigured, match='unknown node "telepathy"'):
        pipeline.apply(CARTS | NEWER)
    assert pipeline.members("carts") == {"cookie:c1"}


KINDS = st.sampled_from(("segment", "campaign", "computed-trait", "identity", "consent", "x"))
DOCUMENTS = st.dictionaries(
    st.builds("{}/{}".format, KINDS, TEXT),
    JSON.filter(bool) | st.fixed_dictionaries({"kind": st.just("segment"), "id": TEXT, "rule": JSON}),
    min_size=1, max_size=2)


@settings(max_examples=200)
@given(DOCUMENTS)
def test_whatever_stands_on_the_topic_events_go_on(documents: dict[str, Json]) -> None:
    pipeline = _pipeline()
    pipeline._publish({key: Published(document=document, version=1, state=None) for key, document in documents.items()})
    pipeline.send({"type": "track", "event": "Product Added", "messageId": "m2", "anonymousId": "c2"})
    assert pipeline.members("carts") == {"cookie:c1", "cookie:c2"}


def _chain(length: int) -> dict[str, Json]:
    """Each in the next, named so that the order of keys begins with the one that needs all others."""
    inner = [{"in_segment": {"id": f"n{number + 1:04}"}} for number in range(length - 1)]
    return {key: document for number, rule in enumerate([*inner, {"everyone": {}}])
            for key, document in _segment(f"n{number:04}", rule).items()}


@pytest.mark.parametrize(("documents", "part"), [
    (_chain(1_100), "more than 50 documents of kind segment"),
    (_segment("big", {"trait": {"name": "x", "gt": "9" * 400}}), "expected a number"),
])
def test_what_no_recursion_and_no_float_can_hold_is_told_and_mended(documents: dict[str, Json], part: str) -> None:
    pipeline = _pipeline()
    _write(pipeline, CARTS | documents)
    assert len(pipeline.rejected) == 3 and all(part in reason for _, reason in pipeline.rejected)
    _write(pipeline, CARTS | SEEN)
    pipeline.send({"type": "page", "messageId": "m2", "anonymousId": "c2"})
    assert (pipeline.members("seen"), pipeline.members("carts")) == ({"cookie:c2"}, {"cookie:c1"})


@pytest.mark.parametrize("unforeseen", [RecursionError("deep"), OverflowError("large")])
def test_what_nobody_foresaw_in_a_definition_ends_no_worker(
    monkeypatch: pytest.MonkeyPatch, unforeseen: Exception,
) -> None:
    pipeline = _pipeline()

    def fails(*_: object) -> Definitions:
        raise unforeseen

    with monkeypatch.context() as patched:
        patched.setattr("streams.task.revisions.build", fails)
        _write(pipeline, CARTS | SEEN)
        [answer, *_] = pipeline.ask(CARTS)
    assert str(unforeseen) in pipeline.rejected[0][1] and str(unforeseen) in answer.body["fault"]
    _write(pipeline, CARTS)
    assert pipeline.members("carts") == {"cookie:c1"}


def test_as_many_segments_behind_one_another_as_are_allowed() -> None:
    pipeline = _pipeline()
    pipeline.apply(CARTS | _chain(50))
    assert not pipeline.rejected and pipeline.members("n0000") == {"cookie:c1"}


def _coalesced(length: int, times: int) -> dict[str, Json]:
    """Computed traits, each of which names the next so many times."""
    return {f"computed-trait/t{number:02}": {
        "kind": "computed-trait", "id": f"t{number:02}", "function": "coalesce",
        "of": [{"trait": f"t{number + 1:02}"}] * times} for number in range(length)}


def test_computed_traits_that_double_are_told() -> None:
    pipeline = _pipeline()
    _write(pipeline, CARTS | _coalesced(40, 2))
    reason = pipeline.rejected[0][1]
    assert "t30 unfolds into 1,023 computed traits" in reason and reason.count("unfolds into") == 1
    _write(pipeline, CARTS | _coalesced(40, 1))
    assert pipeline.plan.computed.keys() == {f"t{number:02}" for number in range(40)}


def _deep(levels: int) -> str:
    return '{"kind": "segment", "id": "newer", "rule": ' + '{"not": ' * levels + '{"everyone": {}}' + "}" * (levels + 1)


def _bytes(pipeline: Pipeline, key: str, **fields: Json) -> None:
    """A record and its revision, with a source of whatever bytes."""
    kind, _, name = key.partition("/")
    pipeline._revision += 1
    row = {"kind": kind, "id": name, "version": 1, "revision": pipeline._revision, "deleted": False, "source": "null",
           "state": None, "press": None, "at": START} | fields
    for each, record in ((key, row), (HEAD, row | {"kind": HEAD, "id": "head", "source": "null", "press": None})):
        pipeline._waiting[0].append(Inbound(
            "definitions", 0, 0, each.encode(), pipeline._codec.encode("definition", record), START))
    pipeline._drain()


@pytest.mark.parametrize("source", ["", "{", "no JSON", "[1]", _deep(252), _deep(600), _deep(1_000), _deep(50_000)])
def test_a_source_that_is_no_document_is_refused_and_mended(source: str) -> None:
    """orjson reads 1,024 levels and writes 254; MessagePack writes as many as Python recurses."""
    pipeline = _pipeline()
    _bytes(pipeline, "segment/newer", source=source)
    assert [reason for _, reason in pipeline.rejected if "segment/newer: the document is" in reason] == [
        reason for _, reason in pipeline.rejected] and len(pipeline.rejected) == 3
    [answer, *_] = pipeline.ask(SEEN)
    assert "segment/newer" not in answer.body.get("fault", ""), "a preview is of what is in force"
    _write(pipeline, CARTS | SEEN | _segment("newer", {"everyone": {}}))
    pipeline.send({"type": "page", "messageId": "m2", "anonymousId": "c2"})
    assert (pipeline.members("seen"), pipeline.members("newer")) == ({"cookie:c2"}, {"cookie:c1", "cookie:c2"})


@pytest.mark.parametrize("part", ["a", [1], {}, {"digests": 5}, {"digests": None}, {"digests": "YQ=="},
                                  {"digests": "YWFhYWFhY"}])
def test_a_part_of_a_list_that_is_none_is_told(part: Json) -> None:
    pipeline = _pipeline()
    _write(pipeline, CARTS | {"members/x": part} | _segment("listed", {"members": {"parts": ["x"], "number": 1}}))
    assert ["segment/listed: rule.members names parts of a list that are not there" in reason
            for _, reason in pipeline.rejected] == [True] * 3
    _write(pipeline, CARTS | SEEN)
    assert pipeline.plan.segments.keys() == {"carts", "seen"}


@pytest.mark.parametrize("per_second", [float("nan"), float("inf"), -1.0, 0.0])
def test_a_press_whose_pace_is_none_is_told_and_mended(per_second: float) -> None:
    pipeline = fans(2)
    document = pipeline._standing["campaign/c"].document
    pipeline._publish({"campaign/c": Published(document=document, version=1, state="live", press=Pressed(2, per_second))})
    pipeline.advance(by=60_000)
    assert not mailed(pipeline)
    assert {reason.partition(": ")[2] for _, reason in pipeline.rejected} == {
        "campaign/c: per_second of the press is no number above 0"}
    pipeline._publish({"campaign/c": Published(document=document, version=2, state="live", press=Pressed(3, None))})
    assert len(mailed(pipeline)) == 2


@pytest.mark.parametrize("per_second", [1e-16, 1e-300, 5e-324])
def test_a_pace_of_less_than_anybody_lives_to_see_ends_no_worker(per_second: float) -> None:
    pipeline = fans(6, partitions=1)
    pipeline.activate("c", per_second=per_second)
    pipeline.advance(by=60_000)
    assert len(mailed(pipeline)) == 1
    pipeline.activate("c", per_second=100)
    pipeline.advance(by=60_000)
    assert len(mailed(pipeline)) == 6


def test_whoever_mends_it_can_read_what_is_wrong() -> None:
    found = History()
    row: dict[str, Json] = {"kind": "segment", "id": "carts", "version": 1, "revision": 1, "deleted": False,
                            "source": "no JSON", "state": None, "press": None, "at": START}
    for key in ("segment/carts", "segment/carts@1"):
        found.take(key, row)
    found.forget("segment/carts@x")
    assert revise(found.heads, CARTS)["segment/carts"].version == 2


LARGE = {
    "text": "x" * LARGEST_DEFINITION, "numbers": [0.5] * 1_900_000, "control characters": "\n" * (LARGEST_DEFINITION // 2),
}


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE)
def test_a_definition_that_no_record_between_tasks_holds_is_refused_with_its_revision(content: Json) -> None:
    """Compressed it fits into a record of the topic. Every worker ended there, and again at each start."""
    pipeline = _pipeline()
    _write(pipeline, CARTS | SEEN | {"segment/large": {"kind": "segment", "id": "large", "rule": content}})
    reason, *others = [reason for _, reason in pipeline.rejected]
    assert "segment/large: the document is \"too large, with " in reason and others == [reason] * 2 and len(reason) < 400
    assert pipeline.plan.segments.keys() == {"carts"}
    kept = [row for store in pipeline.stores for _, row in store.scan("meta", b"", LAST, 1_000)]
    assert max(map(len, kept)) < 10_000
    _write(pipeline, CARTS | SEEN)
    assert pipeline.plan.segments.keys() == {"carts", "seen"}


@pytest.mark.parametrize("field", ["id", "kind", "state"])
def test_a_definition_whose_very_name_is_too_large_is_refused(field: str) -> None:
    pipeline = _pipeline()
    _bytes(pipeline, "campaign/x", **{field: "x" * LARGEST_DEFINITION}, source='{"kind": "campaign", "id": "x"}')
    assert len(pipeline.rejected) == 3 and max(len(reason) for _, reason in pipeline.rejected) < 500_000
    assert pipeline.plan.segments.keys() == {"carts"}


def test_what_is_too_large_is_told_before_it_is_written() -> None:
    rule = {"members": {"in": "x" * LARGEST_DEFINITION}}
    changed = revise({}, CARTS | _segment("large", rule))
    with pytest.raises(Misconfigured, match="segment/large: the document takes 7,340,092 bytes; expected at most 7,340,032"):
        check_sizes(changed)
    check_sizes(revise({}, CARTS))
