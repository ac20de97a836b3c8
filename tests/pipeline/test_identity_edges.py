"""Ties and counts of identity that only a deliberate fault showed to be untested."""
from __future__ import annotations

from typing import Any

from streams.testing import Pipeline
from tests.pipeline.worlds import people

Message = dict[str, Any]
START = 1_767_225_600_000


def event(number: int, at: int | None = None, **who: Any) -> Message:
    return {"type": "track", "event": "A", "messageId": f"m{number}",
            "timestamp": START + (number if at is None else at), **who}


def play(*history: Message, definitions: Message | None = None) -> Pipeline:
    pipeline = Pipeline(definitions, start=START)
    for place, message in enumerate(history):
        pipeline.send(message, START + 1_000 + place)
    return pipeline


def test_the_older_of_two_known_profiles_survives() -> None:
    mail = {"properties": {"email": "ann@example.org"}}
    pipeline = play(event(1, **mail), event(2, userId="u1"))
    older = next(p.profile_id for p in pipeline.profiles() if "email:ann@example.org" in p.identifiers)
    pipeline.send(event(3, userId="u1", **mail), START + 2_000)
    assert [p.profile_id for p in pipeline.profiles()] == [older]


def test_an_identifier_that_has_moved_no_longer_counts_against_the_limit() -> None:
    one = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"cookie": {"limit": {"at_most": 1}}}}}
    pipeline = play(
        event(1, userId="jane", anonymousId="c1"), event(2, userId="john", anonymousId="c1"),
        event(3, userId="jane", anonymousId="c2"), definitions=one)
    assert people(pipeline) == {
        frozenset({"customer_id:jane", "cookie:c2"}): ["m1", "m3"], frozenset({"customer_id:john", "cookie:c1"}): ["m2"]}


def test_a_hit_at_the_very_instant_of_the_log_in_is_his_who_logs_in() -> None:
    pipeline = play(
        event(1, userId="jane", anonymousId="c1"), event(2, at=10, anonymousId="c1"), event(3, at=9, anonymousId="c1"),
        event(4, at=10, userId="john", anonymousId="c1"))
    assert people(pipeline) == {
        frozenset({"customer_id:jane"}): ["m1", "m3"], frozenset({"customer_id:john", "cookie:c1"}): ["m2", "m4"]}


def test_a_previous_id_in_what_is_no_alias_links_nobody() -> None:
    pipeline = play(event(1, anonymousId="c"), event(2, userId="u", previousId="c"))
    assert len(people(pipeline)) == 2
