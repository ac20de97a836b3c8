"""Computed traits whose own name has dots, as wholes and as something that a path leads into."""
from __future__ import annotations

import pytest

from streams.core.values import Json
from streams.testing import Pipeline

HOME: Json = {"kind": "computed-trait", "id": "address.home", "function": "last", "event": "Moved", "property": "to"}
WORK: Json = {"kind": "computed-trait", "id": "address", "function": "last", "event": "Hired", "property": "at"}
BACK: Json = {"kind": "computed-trait", "id": "back", "function": "coalesce", "of": [{"trait": "address.home.city"}]}


def _in(name: str, *computed: Json) -> Pipeline:
    rule = {"trait": {"name": name, "is": "Ede"}}
    pipeline = Pipeline({"segment/s": {"kind": "segment", "id": "s", "rule": rule}}
                        | {f"computed-trait/{each['id']}": each for each in computed}, partitions=1)
    for number, (event, field, value) in enumerate([
            ("Hired", "at", {"home": {"city": "Ede"}, "street": "Ede"}), ("Moved", "to", {"city": "Ede"})]):
        pipeline.send({"type": "track", "event": event, "properties": {field: value}, "anonymousId": "c",
                       "messageId": f"m{number}", "timestamp": number})
    return pipeline


@pytest.mark.parametrize(("name", "computed"), [
    ("address.home.city", (HOME,)), ("address.home.city", (HOME, WORK)), ("address.street", (HOME, WORK)),
    ("address.home.city", (WORK,)), ("back", (HOME, BACK))])
def test_a_path_leads_into_every_computed_trait_that_its_beginning_names(name: str, computed: tuple[Json, ...]) -> None:
    assert _in(name, *computed).members("s") == {"cookie:c"}


def test_the_longest_name_is_asked_first() -> None:
    elsewhere = HOME | {"event": "Hired", "property": "at"}
    pipeline = _in("address.home.street", elsewhere, WORK)
    assert pipeline.members("s") == {"cookie:c"}, "address.home is all that was said at hiring, which has a street"


@pytest.mark.parametrize(("first", "second"), [(HOME, WORK), (WORK, HOME)])
def test_a_change_of_any_of_them_is_a_change_of_meaning(first: Json, second: Json) -> None:
    silent = first | {"event": "Never"}
    pipeline = _in("address.home.city", silent, second)
    assert pipeline.members("s") == {"cookie:c"}
    pipeline.apply(dict(pipeline.plan.definitions.sources) | {f"computed-trait/{second['id']}": second | {"event": "Never"}})
    assert pipeline.members("s") == set()
