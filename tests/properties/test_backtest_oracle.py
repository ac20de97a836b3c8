"""L1 to L4 at once: a whole backtest against the sequential reference, from raw lines to profiles and memberships."""
from __future__ import annotations

import json
from collections import Counter
from itertools import groupby, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams import backtest
from streams.core.values import Json
from streams.testing import Pipeline
from tests.oracle.backtest import Population, iso, run
from tests.oracle.messages import event_time
from tests.properties.eventful_lives import crowds
from tests.properties.histories import HALF_HOUR, NOON
from tests.properties.rules import definitions
from tests.properties.test_engine_oracle import NIGHTLY, alike
from tests.strategies import LIMITS_LIFTED, LIMITS_TIGHT

Message = dict[str, Json]
BELIEVING = {"identity/one": LIMITS_TIGHT["identity/one"] | {
    "traits": {"sources": ["crm", "web"], "by_trait": {"n": ["web"], "t": "newest"}}}}
IDENTITY = st.sampled_from([{}, LIMITS_LIFTED, LIMITS_TIGHT, BELIEVING])


def product(documents: list[Message], history: list[Message], until: int, partitions: int) -> Pipeline:
    pipeline = Pipeline({f"{each['kind']}/{each['id']}": each for each in documents}, partitions)
    lines = [backtest.Line(number=n, raw=json.dumps(each).encode()) for n, each in enumerate(history, 1)]
    backtest.run(pipeline, backtest.in_order(lines, is_as_given=False), until=until)
    return pipeline


def profiles(pipeline: Pipeline) -> list[Message]:
    rows = [backtest._profile(pipeline, profile) for profile in backtest.living(pipeline)]
    return sorted(({**row, "profile_id": ""} for row in rows), key=_order)


def expected_profiles(everyone: Population) -> list[Message]:
    rows = [
        {
            "profile_id": "", "identifiers": sorted(person.identifiers), "traits": everyone.traits(person),
            "segments": sorted(everyone.inside[who]), "events": len(person.messages),
            "first_seen": iso(person.first_event()), "last_seen": iso(max(map(event_time, person.messages))),
        }
        for who, person in everyone.people().items()
    ]
    return sorted(rows, key=_order)


def _order(row: Message) -> list[Json]:
    """Whoever lost every identifier to others is told from others like him by what he did."""
    return [row[name] for name in ("identifiers", "first_seen", "last_seen", "events", "segments")]


def net(lines: list[tuple[int, str, Json, bool]]) -> Counter[tuple[int, str, bool]]:
    """Changes (at, segment, whose, entered) less those that the same instant takes back."""
    found: Counter[tuple[int, str, bool]] = Counter()
    for (at, segment, _), several in groupby(sorted(lines, key=lambda line: line[:3]), key=lambda line: line[:3]):
        changes = [entered for *_, entered in several]
        assert all(one != other for one, other in pairwise(changes)), "not in turn"
        found[at, segment, changes[-1]] += len(changes) % 2
    return +found


@given(documents=definitions(), identity=IDENTITY, history=crowds(), partitions=st.sampled_from([1, 3, 8]))
@settings(
    max_examples=3_000 if NIGHTLY else 40, deadline=None, derandomize=not NIGHTLY,
    suppress_health_check=list(HealthCheck),
)
def test_a_backtest_is_what_the_sequential_reference_says(
    documents: list[Message], identity: Message, history: list[Message], partitions: int,
) -> None:
    everything, until = documents + list(identity.values()), NOON + 60 * HALF_HOUR
    everyone, rejected = run([json.dumps(each) for each in history], everything, until)
    pipeline = product(everything, history, until, partitions)
    assert len(pipeline.rejected) == len(rejected) == 0
    found, wanted = profiles(pipeline), expected_profiles(everyone)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert alike(one, other), f"{one}\nthe oracle says\n{other}"
    told = [(c.at, c.segment_id, c.profile_id, c.change == "entered") for c in pipeline.memberships]
    assert net(told) == net([(at, segment, who, entered) for at, segment, who, entered, _ in everyone.memberships])
