"""The editors' schema knows the settings of every connector as its reader does, which it is made from."""
from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from streams.cli.connectors import CONNECTORS
from streams.cli.destinations import faults_of, schemas
from streams.core.errors import Misconfigured
from streams.definitions import definitions_schema
from tests.cli.test_destinations import HEAD, HTTP, ODD, TEXTS, WELL, WRONG
from tests.definitions.refused import read_alone

SCHEMA = definitions_schema(schemas())
VALIDATOR = Draft202012Validator(SCHEMA)
UNSEEN = ("expected a valid Jinja template", "expected the account's SID", "expected another header", 'is "http://["')
"""What a schema cannot say."""


def names(connector: str) -> list[str]:
    """All settings that the reader knows, as it tells who names another."""
    document = yaml.safe_load(WELL[connector])
    (unknown,) = faults_of(document | {"settings": document["settings"] | {"surprise": 1}})
    return unknown.expected.removeprefix("one of ").split(", ")


def test_it_is_a_schema_and_says_nothing_of_connectors_where_they_are_not_at_hand() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert Draft202012Validator(definitions_schema()).is_valid(yaml.safe_load(HEAD + "openrtb-by-post"))
    assert not VALIDATOR.is_valid(yaml.safe_load(HEAD + "openrtb-by-post"))


@pytest.mark.parametrize("connector", CONNECTORS)
def test_editors_complete_every_setting(connector: str) -> None:
    known = SCHEMA["$defs"][f"connector-{connector}"]["properties"]["settings"]["properties"]
    assert sorted(known) == sorted(names(connector))
    assert VALIDATOR.is_valid(yaml.safe_load(WELL[connector]))


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_it_refuses_what_apply_refuses(text: str, sentence: str) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text)) == any(part in sentence for part in UNSEEN)


@pytest.mark.parametrize("text", [
    HTTP + "  secret: {env: S}\n  headers: {X: a, Y: {env: Y}}\n  per_second: 5\n", HTTP + "hashing: sha256\n",
    TEXTS + "  callback: {env: C}\n"])
def test_it_takes_variables_and_what_goes_with_any_connector(text: str) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text)) and faults_of(yaml.safe_load(text)) == []


@pytest.mark.parametrize("connector", CONNECTORS)
def test_it_refuses_nothing_that_apply_takes(connector: str) -> None:
    """Of any setting with any value."""
    document: dict[str, Any] = yaml.safe_load(WELL[connector])
    for name in names(connector):
        for value in ODD:
            odd = document | {"settings": document["settings"] | {name: value}}
            assert VALIDATOR.is_valid(odd) or refuses(odd), (name, value)


def refuses(document: dict[str, Any]) -> bool:
    try:
        read_alone(document)
    except Misconfigured:
        return True
    return bool(faults_of(document))
