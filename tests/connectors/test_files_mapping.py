"""What is wrong with a mapping is told at once, with file and line, and the nearest word."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sources.files import load, read
from connectors.sources.files.convert import FORMATS
from connectors.sources.files.mapping import Comparison
from connectors.sources.files.parse import NO_IDENTIFIER
from connectors.sources.files.parse_value import VALUE_KEYS
from streams.core.errors import Misconfigured

ALL_WRONG = """
zone: Mars/Olympus
mesages: []
lookups:
  goods: {file: goods.csv}
messages:
  - type: trak
    userID: {column: id}
    timestamp: {column: at, format: epoch}
    properties.a: {column: a, as: nummer}
    properties.b: {column: b, fromm: goods}
    properties.c: {column: b, from: godos}
    properties.d: {column: b, text: "x"}
    when: {column: a, equals: 1}
  - type: track
    event:
    anonymousId: {column: id}
  - just a text
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as refused:
        load(path)
    return [fault.removeprefix(f"{path}:") for fault in refused.value.faults]


def test_all_faults_come_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    found = faults(tmp_path, ALL_WRONG)
    ways = ", ".join(sorted(FORMATS))
    assert found == [
        "2: 'Mars/Olympus' is no time zone; expected a name as Europe/Amsterdam or UTC",
        "3: the key 'mesages' is unknown; did you mean 'messages'?",
        "5: the lookup 'goods' needs `file:` and `key:`, and `on:` where the key is called otherwise here",
        f"7: {NO_IDENTIFIER}",
        "7: the type of message 'trak' is unknown; did you mean 'track'?",
        "8: the field 'userID' is unknown; did you mean 'userId'?",
        f"9: the time format 'epoch' is unknown; expected one of %d-%m-%Y %H:%M, {ways}",
        "10: the type 'nummer' is unknown; did you mean 'number'?",
        "11: the key 'fromm' is unknown; did you mean 'from'?",
        "12: the lookup 'godos' is unknown; expected one of (none is declared)",
        "13: a value has exactly one of column, text, value; this has column and text",
        f"14: a condition has exactly one of {', '.join(Comparison)}; this has none",
        f"14: the key 'equals' is unknown; expected one of {', '.join(sorted([*VALUE_KEYS, *Comparison]))}",
        "16: expected a constant, or a table as {column: NAME}",
        "18: a message is a table of its fields, as `type: track`",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1: the file is empty"),
        ("a: [", "no valid YAML"),
        ("- a", "expected a table with `messages:`"),
        ("messages: []", "`messages:` lists at least one message"),
        ("messages:\n- {type: track, userId: a}", "2: a track message needs `event:`"),
        ("messages:\n- {type: page, userId: a, userId: b}", "2: 'userId' stands here twice, first in line 2"),
        ("messages:\n- {type: page, userId: a, timestamp: noon}", "2: the constant is no time"),
        ("messages:\n- {type: page, userId: a, userId.b: c}", "2: the field 'userId.b' is unknown"),
        (
            "messages:\n- {type: page, userId: a, traits.a: 1, traits.a.b: 2}",
            "'traits.a' cannot hold a value and",
        ),
        ("messages:\n- {type: page, userId: {column: a, as: number}}", "2: this field is always text"),
        ("messages:\n- {type: page, userId: a, when: {column: a, in: 1}}", "'in' compares with a list"),
        ("messages:\n- {type: page, userId: a, when: {column: a, is: [b]}}", "'is' compares with one value"),
        ("messages:\n- {type: page, userId: a, when: {column: a, is: }}", "'is' compares with one value"),
        ("messages:\n- {type: page, userId: a, when: {column: a, exists: 1}}", "'exists' is true or false"),
        ("messages:\n- {type: page, userId: a, when: {column: a, gt: many}}", "2: 'gt' compares with a number"),
        (
            "messages:\n- {type: page, userId: a, timestamp: {column: a, format: '%d-%m-%Y %d'}}",
            "2: the time format '%d-%m-%Y %d' can read no time; expected directives of Python's strptime, each at most",
        ),
        ("messages:\n- {type: page, userId: a, timestamp: {column: a, format: '%Q'}}", "2: the time format '%Q' can"),
        ("messages:\n- {type: page, userId: a, timestamp: {column: a, format: '%Y %'}}", "2: the time format '%Y %' can"),
        ("messages:\n- {type: page, userId: a, timestamp: {column: a, format: '%999999999d'}}", "can read no time"),
        (
            "messages:\n- {type: page, context: {column: c}, externalIds.card: {column: a}}",
            "2: 'context' cannot hold a value and also 'externalIds.card'",
        ),
        ("messages:\n- {type: page, externalIds.My Card: a}", "2: 'externalIds.My Card' is no namespace; expected letters"),
        ("messages: " + "[" * 3_000, "1: nested too deeply; expected at most 20 levels"),
        ("messages:\n- {type: page, userId: a, traits.a: " + "9" * 5_000 + "}", "2: a number that JSON cannot hold"),
        ("messages:\n- {type: page, userId: a, traits.a: 1e999}", "2: a number that JSON cannot hold"),
        ("messages:\n- {type: page, userId: 99999999999999999999}", "2: the constant is a number of"),
        ('messages:\n- {type: page, userId: "\\ud800"}', "2: half a surrogate pair"),
        ('messages:\n- {type: page, userId: "\\UFFFFFFFF"}', "1: no valid YAML"),
        ("a: &a [b]\n" + f"c: &c [{'*a,' * 400}]\n" + f"d: [{'*c,' * 400}]", "1: aliases that stand for more than 100,000"),
        ("messages: &a\n- *a", "does an alias contain itself?"),
        (
            "encoding: utf-16\nmessages:\n- {type: page, userId: a}",
            "1: 'utf-16' is no encoding that keeps ASCII",
        ),
        *(
            (f"encoding: {name}\nmessages:\n- {{type: page, userId: a}}", f"1: '{name}' is no encoding that keeps ASCII")
            for name in ("undefined", "idna", "utf-7", "raw_unicode_escape", "unicode_escape", "punycode", "hex", "none")
        ),
        *(
            (f"delimiter: {sign}\nmessages:\n- {{type: page, userId: a}}", "1: `delimiter:` is one character, no quote")
            for sign in (r'"\n"', r'"\r"', r'"\0"', "'\"'")
        ),
        ("delimiter: ', '\nmessages:\n- {type: page, userId: a}", "1: `delimiter:` is one character"),
        (
            "unmatched: skipp\nmessages:\n- {type: page, userId: a}",
            "1: the choice 'skipp' is unknown; did you mean",
        ),
    ],
)
def test_each_fault_names_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    assert any(sentence in fault for fault in faults(tmp_path, text))


def test_columns_and_lookups_that_are_not_there_are_told_before_any_row(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("""
lookups:
  goods: {file: goods.csv, key: sku, on: produkt}
messages:
  - {type: track, event: A, userId: {column: custmer}, properties.a: {text: "{amount}-{zzz}"}}
""")
    path = tmp_path / "rows.csv"
    path.write_text("customer,amount,product\n")
    with pytest.raises(Misconfigured) as refused:
        next(read(path, load(mapping)))
    assert list(refused.value.faults) == [
        f"{mapping}:5: rows.csv has no column 'custmer'; did you mean 'customer'?",
        f"{mapping}:5: rows.csv has no column 'zzz'; it has customer, amount, product",
        f"{mapping}:3: rows.csv has no column 'produkt'; did you mean 'product'?",
    ]
    mapping.write_text(mapping.read_text().replace("custmer", "customer").replace("zzz", "product"))
    mapping.write_text(mapping.read_text().replace("produkt", "product"))
    with pytest.raises(Misconfigured, match=r"3: the lookup 'goods' needs one file goods\.csv"):
        next(read(path, load(mapping)))


@pytest.mark.parametrize("file", ["'**x**/*.csv'", r'"/a\0.csv"', r'"\0"'])
def test_a_lookup_that_is_no_file_and_no_pattern_is_a_fault_with_its_line(tmp_path: Path, file: str) -> None:
    mapping, path = tmp_path / "mapping.yaml", tmp_path / "rows.csv"
    mapping.write_text(f"messages:\n- {{type: page, userId: {{column: a}}}}\nlookups:\n  goods: {{file: {file}, key: a}}\n")
    path.write_text("a\n1\n")
    with pytest.raises(Misconfigured, match=r"mapping\.yaml:4: the lookup 'goods' needs"):
        list(read(path, load(mapping)))


def test_a_country_called_no_and_a_time_of_day_stay_what_they_are(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "messages:\n- {type: page, userId: 010, traits.a: NO, traits.b: 12:30, traits.c: 010}\n"
    )
    path = tmp_path / "rows.csv"
    path.write_text("a\n1\n")
    (row,) = read(path, load(mapping))
    assert row.message == {"type": "page", "userId": "10", "traits": {"a": "NO", "b": "12:30", "c": 10}}
