"""Everybody is who the ledger says: the checks that a pipeline at rest must pass, in process or read back from Kafka."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from streams.core.outputs import IdentityChanged
from streams.testing import Pipeline
from tests.oracle import messages
from tests.oracle.backtest import believed
from tests.oracle.ledger import Ledger
from tests.oracle.person import Person
from tests.oracle.rules import holds
from tests.pipeline.mesh import unsettled
from tests.pipeline.worlds import entries, people
from tests.properties.identities import audited, expected_audit
from tests.strategies import SEGMENTS

Message = dict[str, Any]


def check_agreement(
    pipeline: Pipeline, ledger: Ledger, lines: Iterable[IdentityChanged], history: Iterable[Message],
    rules: Mapping[str, Message] | None = None,
) -> None:
    """Laws L1, L3 and L4. `ledger` took the decisions in the sequencer's order; `lines`: the audit log, in any order;
    `history`: messages, and steps that are none."""
    assert (left := unsettled(pipeline)) == [], left
    expected = {who: sorted(each.split("#")[0] for each in ids) for who, ids in ledger.people().items()}
    found = {who: sorted(ids) for who, ids in people(pipeline).items()}
    differing = [who for who in expected.keys() | found.keys() if found.get(who) != expected.get(who)]
    assert not differing, "\n".join(_difference(who, found.get(who, []), expected.get(who, [])) for who in differing)
    told, wanted = audited(lines), expected_audit(pipeline, ledger)
    wrong = [pair for pair in zip_longest(told, wanted) if pair[0] != pair[1]]
    assert not wrong, f"{len(wrong)} of {len(wanted)} lines, the first: {wrong[0]}"
    assert events_of(pipeline) == distinct(each for each in history if each["type"] != "split")
    check_members(pipeline, rules)


def _difference(who: frozenset[str], found: list[str], expected: list[str]) -> str:
    return f"{sorted(who)}: too many {Counter(found) - Counter(expected)}, missing {Counter(expected) - Counter(found)}"


def events_of(pipeline: Pipeline) -> int:
    return sum(f.events for profile in pipeline.profiles() for f in profile.fragments.values())


def distinct(history: Iterable[Message]) -> int:
    """Copies left out."""
    return len({(message["messageId"], messages.identifiers(message)[0]) for message in history})


def clusters(history: Iterable[Message]) -> set[frozenset[str]]:
    """Union-find, the stupid way: join until nothing joins."""
    found: list[set[str]] = []
    for message in history:
        joined = set(messages.identifiers(message))
        for cluster in [each for each in found if each & joined]:
            found.remove(cluster)
            joined |= cluster
        found.append(joined)
    return set(map(frozenset, found))


def check_members(pipeline: Pipeline, rules: Mapping[str, Message] | None = None) -> None:
    """Law L4: everybody's segments are those that a brute force finds in their own messages. `rules`: identity's."""
    segments = {key.partition("/")[2]: document for key, document in SEGMENTS.items()}
    believes = believed(list((rules or {}).values()))
    for profile in pipeline.profiles():
        if profile.fragments:
            person = Person(entries(pipeline, profile), frozenset(profile.identifiers), believes=believes)
            wanted = {n for n, d in segments.items() if holds(d["rule"], person, pipeline.now, segments)}
            assert set(profile.members) == wanted
