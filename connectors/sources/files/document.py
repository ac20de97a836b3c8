"""A YAML file as values that know their line, so that every fault can be told with its place.

Not `yaml.safe_load`: it loses the lines, drops the first of two equal keys without a word, and reads YAML
1.1, in which the country NO is false and the time 12:30 is 750. Scalars here are those of YAML 1.2's core
schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from streams.core.errors import Misconfigured

DEEPEST = 20
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    line: int
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    line: int
    items: tuple[Located, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`lines` holds where each key stands; the values of `entries` know where they begin themselves."""

    line: int
    entries: dict[str, Located]
    lines: dict[str, int]


Located: TypeAlias = Scalar | Items | Table


class Faults:
    """Collects all that is wrong with one file; `check` raises them together, in the order of lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, sentence: str) -> None:
        self._found.append((line, sentence))

    def unknown(self, line: int, what: str, word: str, known: tuple[str, ...]) -> None:
        """`word` is none of `known`: say so, with the nearest one or all of them."""
        near = get_close_matches(word, known, n=1, cutoff=0.6)
        advice = f"did you mean '{near[0]}'?" if near else f"expected one of {', '.join(sorted(known))}"
        self.add(line, f"{what} '{word}' is unknown; {advice}")

    def check(self) -> None:
        if self._found:
            raise Misconfigured(
                tuple(f"{self.path}:{line}: {sentence}" for line, sentence in sorted(self._found))
            )


def documents(path: Path, faults: Faults) -> tuple[Located, ...]:
    """Every YAML document of a file. Raises Misconfigured where it cannot be read or is no YAML at all."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        why = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8"
        raise Misconfigured((f"{path}: the mapping file cannot be read: {why}",)) from failure
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        sentence = getattr(failure, "problem", None) or "the text cannot be read"
        raise Misconfigured((f"{path}:{line}: no valid YAML: {sentence}",)) from failure
    return tuple(_located(node, faults, 0) for node in nodes if node is not None)


def plain(found: Located) -> Any:
    """The value without its lines, as `json.loads` would give it."""
    match found:
        case Scalar():
            return found.value
        case Items():
            return [plain(item) for item in found.items]
        case Table():
            return {key: plain(value) for key, value in found.entries.items()}


def _located(node: yaml.Node, faults: Faults, depth: int) -> Located:
    line = node.start_mark.line + 1
    if depth > DEEPEST:
        faults.add(line, f"nested deeper than {DEEPEST} levels; does an alias contain itself?")
        return Scalar(line=line, value=None)
    match node:
        case yaml.MappingNode():
            return _table(node, faults, depth)
        case yaml.SequenceNode():
            return Items(line=line, items=tuple(_located(item, faults, depth + 1) for item in node.value))
        case yaml.ScalarNode(value=text, style=None):
            return Scalar(line=line, value=_scalar(text))
        case _:
            return Scalar(line=line, value=str(node.value))


def _table(node: yaml.MappingNode, faults: Faults, depth: int) -> Table:
    entries: dict[str, Located] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            faults.add(line, "a key is a list or a table; expected a word")
        elif key.value in entries:
            faults.add(line, f"'{key.value}' stands here twice, first in line {lines[key.value]}; remove one")
        else:
            entries[key.value], lines[key.value] = _located(value, faults, depth + 1), line
    return Table(line=node.start_mark.line + 1, entries=entries, lines=lines)


def _scalar(text: str) -> str | int | float | bool | None:
    word = text.lower()
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
