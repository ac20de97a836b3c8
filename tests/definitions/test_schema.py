"""The editors' schema: it is one, it takes what the parser takes, and refuses typical slips."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streams.core.errors import Misconfigured
from streams.core.segments.rules import Operator
from streams.definitions import definitions_schema
from streams.definitions.nodes import NODES
from tests.definitions.refused import read_alone

VALIDATOR = Draft202012Validator(definitions_schema())


def segment(rule: Any) -> dict[str, Any]:
    return {"kind": "segment", "id": "s", "rule": rule}


def test_it_is_a_json_schema_with_every_node_and_comparison() -> None:
    Draft202012Validator.check_schema(definitions_schema())
    definitions = definitions_schema()["$defs"]
    assert set(definitions["rule"]["properties"]) == set(NODES)
    assert set(Operator) <= set(definitions["node-trait"]["properties"])


@pytest.mark.parametrize("document", [
    {"kind": "segmnt", "id": "s"},
    {"kind": "segment", "rule": {"everyone": {}}},
    {"kind": "segment", "id": "Not Kebab", "rule": {"everyone": {}}},
    segment({}),
    segment({"preformed": {}}),
    segment({"everyone": {}, "performed": {}}),
    segment({"all": [{"trait": {"name": "x"}}]}),
    segment({"trait": {"name": "x", "is": 1, "gt": 2}}),
    segment({"not": {"performed": {"evnt": "A"}}}),
    segment({"performed": {"within": "3 days"}}),
    segment({"performed": {"within": "3d", "before": "2026-01-01"}}),
    segment({"performed": {"at_least": 1, "at_most": 2}}),
    segment({"performed": {"where": [{"is": 1}]}}),
    segment({"aggregate": {"function": "list", "property": "x", "is": 1}}),
    segment({"sequence": {"steps": [{"event": "A"}]}}),
    segment({"random": {"percent": 101, "salt": "x"}}),
    {"kind": "computed-trait", "id": "t", "function": "median"},
    {"kind": "campaign", "id": "c", "segment": "s", "channels": {"sms": {"text": "hi"}}},
    {"kind": "campaign", "id": "c", "segment": "s", "channels": {"email": {"subject": "x", "purpose": "p"}}},
    {"kind": "campaign", "id": "c", "segment": "s", "channels": {}, "status": "life"},
    {"kind": "identity", "id": "i", "namespaces": {"email": {"limit": {"per": "ever"}}}},
    {"kind": "identity", "id": "i", "traits": {"sources": ["crm", "kiosk"]}},
    {"kind": "identity", "id": "i", "traits": {"sources": ["crm", "crm"]}},
    {"kind": "identity", "id": "i", "traits": {"by_trait": {"plan": "oldest"}}},
])
def test_it_refuses_what_the_parser_refuses(document: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(Misconfigured):
        read_alone(document)


@pytest.mark.parametrize("document", [
    segment({"members": {"file": "vips.txt"}}),
    {"kind": "campaign", "id": "c", "segment": "s", "channels": {
        "email": {"subject": "x", "template": "a.html.j2", "text": "b", "purpose": "p"},
    }, "trigger": {"each": "A"}, "quiet_hours": {"from": "21:00", "to": "08:00", "time_zone": "UTC"}},
])
def test_it_takes_files_as_authors_write_them(document: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(document)


def test_the_example_of_the_interfaces_page_fits(tmp_path: Path) -> None:
    (tmp_path / "cart.html.j2").write_text("x")
    campaign = {
        "kind": "campaign", "id": "win-back-carts", "segment": "cart-abandoners", "trigger": "entered",
        "channels": {
            "display": {"audience": "cart-nl", "destinations": ["gam"], "purpose": "personalised-ads"},
            "email": {"subject": "Still thinking, {{ first_name | default('there') }}?",
                      "template": "cart.html.j2", "purpose": "email-marketing"},
            "sms": {"text": "…", "purpose": "sms-marketing"},
        },
        "cap": {"at_most": 2, "per": "7d", "mode": "rolling"},
        "quiet_hours": {"from": "21:00", "to": "08:00", "time_zone": "Europe/Amsterdam"},
        "starts": "2026-11-01T00:00:00Z", "ends": "2026-12-31T00:00:00Z", "status": "paused",
    }
    assert VALIDATOR.is_valid(campaign)
