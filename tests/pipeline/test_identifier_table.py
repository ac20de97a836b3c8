"""The identifier table of INTERFACES section 1, row by row: whence each comes, how it is written, which bind first."""
from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from streams.core.identifiers import LONGEST_VALUE
from streams.testing import Pipeline

Json = dict[str, Any]
START = 1_767_225_600_000


def message(**fields: Any) -> Json:
    return {"type": "track", "event": "A", "messageId": "m", "timestamp": START} | fields


def found(*history: Json, definitions: Json | None = None) -> list[str]:
    """Who is one person after these messages; empty if nobody is anybody."""
    pipeline = Pipeline(definitions, start=START)
    for number, each in enumerate(history):
        pipeline.send({**each, "messageId": f"m{number}"}, START + number)
    people = pipeline.profiles()
    assert len(people) <= 1
    return sorted(identifier for person in people for identifier in person.identifiers)


def device(**fields: Any) -> Json:
    return message(context={"device": fields})


def named(*pairs: tuple[str, str]) -> Json:
    return message(context={"externalIds": [{"type": kind, "id": value} for kind, value in pairs]})


ROWS: dict[str, tuple[Json, list[str]]] = {
    "a user id is trimmed and keeps its case": (message(userId="  Ann1 "), ["customer_id:Ann1"]),
    "a cookie is trimmed and keeps its case": (message(anonymousId=" Xy "), ["cookie:Xy"]),
    "a number": (message(userId=900), ["customer_id:900"]),
    "a whole number as columns with gaps hold it": (
        message(userId=900.0, context={"externalIds": [{"type": "card", "id": 7.0}]}), ["card:7", "customer_id:900"]),
    "no number with a fraction": (message(userId=900.5, anonymousId="c"), ["cookie:c"]),
    "no number that has lost its last digits": (message(userId=float(2**53), anonymousId="c"), ["cookie:c"]),
    "no truth value": (message(userId=True, anonymousId="c"), ["cookie:c"]),
    "e-mail of an identify": (
        {**message(traits={"email": " Ann@Example.ORG "}), "type": "identify"}, ["email:ann@example.org"]),
    "e-mail of a context": (message(context={"traits": {"email": "Ann@Example.org"}}), ["email:ann@example.org"]),
    "e-mail of properties": (message(properties={"email": "ANN@example.org"}), ["email:ann@example.org"]),
    "phone of an identify": (
        {**message(traits={"phone": "+31 (0)6 1234-5678"}), "type": "identify"}, ["phone:+31612345678"]),
    "phone of a context": (message(context={"traits": {"phone": "+1 212-555-0123"}}), ["phone:+12125550123"]),
    "no phone of properties": (message(anonymousId="c", properties={"phone": "+12125550123"}), ["cookie:c"]),
    "no address of a company": (
        {**message(userId="u", groupId="g", traits={"email": "info@x.org", "phone": "+12125550123"},
                   context={"traits": {"email": "ann@x.org"}}), "type": "group"}, ["customer_id:u", "email:ann@x.org"]),
    "a custom namespace in lower case": (named(("LoyaltyCard", " 77a ")), ["loyaltycard:77a"]),
    "no account, which is of many people": (
        message(userId="u", context={"externalIds": [
            {"type": "account", "id": "acme", "collection": "accounts", "encoding": "none"},
            {"type": "crm", "id": "1", "collection": "users", "encoding": "none"}]}), ["crm:1", "customer_id:u"]),
    "no namespace that a definition cannot name": (
        named(("=cmd|' /C calc'!A0", "1"), ("a\nb", "1"), ("-1", "1"), ("@x", "1"), ("", "1"), ("a:b", "1"),
              ("\u0130d", "1"), ("a" * 513, "1"), ("Card.no_1-x", "1"), ("a" * 512, "1")),
        ["a" * 512 + ":1", "card.no_1-x:1"]),
    "several custom ones": (named(("card", "1"), ("card", "2"), ("crm", "3")), ["card:1", "card:2", "crm:3"]),
    "a device": (device(id=" D-1 "), ["device_id:D-1"]),
    "an advertising id in lower case": (device(advertisingId="AB-12"), ["device_ad_id:ab-12"]),
    "tracking allowed": (device(advertisingId="ab", adTrackingEnabled=True), ["device_ad_id:ab"]),
    "tracking refused": (device(id="d", advertisingId="ab", adTrackingEnabled=False), ["device_id:d"]),
    "tracking refused in text": (device(id="d", advertisingId="ab", adTrackingEnabled="False"), ["device_id:d"]),
    "tracking refused in a number": (device(id="d", advertisingId="ab", adTrackingEnabled=0), ["device_id:d"]),
    "tracking unknown": (device(advertisingId="ab", adTrackingEnabled=None), ["device_ad_id:ab"]),
    "an alias of itself": ({**message(userId=" u", previousId="u "), "type": "alias"}, ["customer_id:u"]),
    "an alias of a cookie": (
        {**message(userId="u", previousId="c"), "type": "alias"}, ["cookie:c", "customer_id:u"]),
}


@pytest.mark.parametrize(("sent", "expected"), ROWS.values(), ids=ROWS)
def test_a_row_of_the_table(sent: Json, expected: list[str]) -> None:
    assert found(sent) == expected


def test_a_message_whose_only_namespace_is_unusable_is_rejected_with_what_one_is_of() -> None:
    pipeline = Pipeline(start=START)
    pipeline.send(named(("Loyalty Card", "1")), START)
    assert "an external id whose type is of letters a-z" in str(pipeline.rejected)


def test_an_alias_of_what_was_seen_as_a_customer_names_that_customer() -> None:
    two = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"customer_id": {"limit": {"at_most": 2}}}}}
    alias = {**message(userId="u", previousId="old"), "type": "alias"}
    assert found(message(userId="old"), alias, definitions=two) == ["customer_id:old", "customer_id:u"]


def test_an_alias_of_what_is_no_customer_by_the_rules_is_one_of_a_cookie() -> None:
    own = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"customer_id": {"blocked": ["test"]}}}}
    alias = {**message(userId="u", previousId="test"), "type": "alias"}
    assert found(alias, definitions=own) == ["cookie:test", "customer_id:u"]


def together(one: Json, other: Json) -> Json:
    return one | {
        name: together(one.get(name, {}), each) if isinstance(each, dict) else each for name, each in other.items()}


@pytest.mark.parametrize("missing", [{}, {"userId": None}, {"userId": " null "}, {"userId": "000-0"}])
@pytest.mark.parametrize("before", [[message(userId="old")], [message(anonymousId="old")], []])
def test_an_alias_whose_user_id_is_missing_or_blocked_is_of_whom_it_was(missing: Json, before: list[Json]) -> None:
    alias = {**message(previousId="old", **missing), "type": "alias"}
    expected = "customer_id:old" if before and "userId" in before[0] else "cookie:old"
    assert found(*before, alias) == [expected]
    pipeline = Pipeline(start=START)
    for number, each in enumerate([*before, alias]):
        pipeline.send({**each, "messageId": f"m{number}"}, START + number)
    assert not pipeline.rejected
    assert [sum(each.events for each in person.fragments.values()) for person in pipeline.profiles()] == [len(before) + 1]


PRIORITY: Json = {
    "customer_id:u": {"userId": "u"},
    "email:ann@example.org": {"properties": {"email": "ann@example.org"}},
    "phone:+12125550123": {"context": {"traits": {"phone": "+12125550123"}}},
    "card:1": {"context": {"externalIds": [{"type": "card", "id": "1"}]}},
    "device_id:d": {"context": {"device": {"id": "d"}}},
    "device_ad_id:a": {"context": {"device": {"advertisingId": "a"}}},
    "cookie:c": {"anonymousId": "c"},
}


@pytest.mark.parametrize("place", range(len(PRIORITY) - 1))
def test_the_stronger_of_two_neighbours_names_the_profile(place: int) -> None:
    stronger, weaker = list(PRIORITY)[place:place + 2]
    pipeline = Pipeline(start=START)
    pipeline.send(together(together(message(), PRIORITY[weaker]), PRIORITY[stronger]), START)
    (person,) = pipeline.profiles()
    assert set(person.identifiers) == {stronger, weaker}
    assert set(person.fragments) == {stronger}


ONE_ADDRESS: Json = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"email": {"limit": {"at_most": 1}}}}}
PLACES: Json = {
    "email:z@x.org": {"type": "identify", "traits": {"email": "z@x.org"}},
    "email:y@x.org": {"context": {"traits": {"email": "y@x.org"}}},
    "email:x@x.org": {"properties": {"email": "x@x.org"}},
}


@pytest.mark.parametrize(("first", "second"), [*combinations(PLACES, 2)])
def test_of_two_e_mails_that_which_the_table_takes_from_a_later_place_is_the_weaker(first: str, second: str) -> None:
    """INTERFACES, section 1: the row says `traits.email`, `context.traits.email`, `properties.email`."""
    sent = together(together(message(), PLACES[second]), PLACES[first])
    assert found(sent, definitions=ONE_ADDRESS) == [first]


BLOCKED = ("null", "none", "nan", "undefined", "anonymous", "guest", "unknown", "-1", "true", "false", "id", "distinct_id",
           "email", "not_authenticated", "[object object]", "NULL", " guest ", "0", "-", "00000000-0000-0000",
           "x" * (LONGEST_VALUE + 1))


@pytest.mark.parametrize("value", BLOCKED)
def test_a_blocked_value_is_nobody_and_the_event_is_its_other_identifiers(value: str) -> None:
    assert found(message(userId=value, anonymousId="c")) == ["cookie:c"]
    assert found(message(anonymousId=value)) == []


def test_the_longest_value_is_somebody() -> None:
    assert found(message(userId="x" * LONGEST_VALUE)) == ["customer_id:" + "x" * LONGEST_VALUE]


def test_a_deployment_blocks_values_of_its_own_in_one_namespace() -> None:
    own = {"identity/one": {"kind": "identity", "id": "one", "namespaces": {"email": {"blocked": ["info@shop.example"]}}}}
    assert found(message(userId="u", properties={"email": "Info@Shop.example"}), definitions=own) == ["customer_id:u"]
    assert found(message(userId="info@shop.example"), definitions=own) == ["customer_id:info@shop.example"]
