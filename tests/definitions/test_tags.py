"""YAML tags: JSON has none, so one is either superfluous or wrong."""
from __future__ import annotations

from pathlib import Path

import pytest

from streams.definitions import load_folder
from tests.definitions.refused import faults

HEAD = "kind: segment\nid: s\n"


@pytest.mark.parametrize(("value", "part"), [
    ('!!bool "maybe"', 'the tag tag:yaml.org,2002:bool of "maybe"'), ('!!int "abc"', 'int of "abc"'),
    ('!!float "abc"', 'float of "abc"'), ("!!null x", 'null of "x"'), ("!mine x", 'the tag !mine of "x"'),
    ("!mine {a: 1}", "the tag !mine of an object"), ("[1, !mine [2]]", "the tag !mine of a list"),
    ("!!set {a}", "set of an object"), ("!!int 0x10", 'int of "0x10"'), ("{!mine a: 1}", 'the tag !mine of "a"')])
def test_a_tag_is_said_and_never_passed_over(tmp_path: Path, value: str, part: str) -> None:
    [fault] = faults(tmp_path, f"{HEAD}rule: {{everyone: {{}}}}\nname: {value}\n")
    assert fault.startswith("d.yaml:4: the tag ") and part in fault


@pytest.mark.parametrize("text", ["!mine\n- kind: segment\n", "!mine {kind: segment}", "!!null {kind: segment}", "!!null x"])
def test_a_tag_of_a_whole_document(tmp_path: Path, text: str) -> None:
    [fault] = faults(tmp_path, text)
    assert ": the tag " in fault


def test_tags_that_say_what_is_written_anyway(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("!!map\nkind: segment\nid: !!str s\nrule: {trait: {name: !!str 1, "
                                     "in: !!seq [!!int 1, !!float 2, !!bool true, !!str 1]}}\n")
    assert load_folder(tmp_path).sources["segment/s"]["rule"] == {"trait": {"name": "1", "in": [1, 2.0, True, "1"]}}
