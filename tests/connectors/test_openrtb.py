"""OpenRTB answers have the specification's names in its places, and nobody in clear."""
from __future__ import annotations

from connectors.openrtb import Provider, user

PROVIDER = Provider(domain="shop.example", segtax=601)


def test_segments_stand_in_user_data_with_their_taxonomy() -> None:
    found = user(PROVIDER, [("cookie:c1", ["loyal", "carts"]), ("cookie:c2", ["carts", "new"])])
    assert found["data"] == [{
        "id": "shop.example", "name": "shop.example", "segment": [{"id": "carts"}, {"id": "loyal"}, {"id": "new"}],
        "ext": {"segtax": 601}}]


def test_identifiers_are_uids_by_source_with_their_agent_type() -> None:
    found = user(PROVIDER, [("cookie:a", []), ("cookie:b", []), ("device_ad_id:x:y", []), ("customer_id:7", [])])
    assert found["eids"] == [
        {"source": "cookie.shop.example", "uids": [{"id": "a", "atype": 1}, {"id": "b", "atype": 1}]},
        {"source": "device-ad-id.shop.example", "uids": [{"id": "x:y", "atype": 2}]},
        {"source": "customer-id.shop.example", "uids": [{"id": "7", "atype": 3}]},
    ]


def test_an_identifier_asked_for_twice_is_one_uid() -> None:
    assert user(PROVIDER, [("cookie:a", []), ("cookie:a", [])])["eids"][0]["uids"] == [{"id": "a", "atype": 1}]


def test_addresses_and_numbers_in_clear_are_no_uids() -> None:
    found = user(PROVIDER, [("email:jane@example.com", ["loyal"]), ("phone:+31612345678", [])])
    assert found["eids"] == [] and found["data"][0]["segment"] == [{"id": "loyal"}]
