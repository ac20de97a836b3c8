"""A YAML file as values that know their line, so that every fault can be told with its place.

Not `yaml.safe_load`: it loses the lines, drops the first of two equal keys without a word, and reads YAML 1.1, in which the
country NO is false and the time 12:30 is 750. Scalars here are those of YAML 1.2's core schema.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from streams.core.errors import Misconfigured

DEEPEST = 20
MOST_REPEATED = 100_000
_LONGEST_WHOLE = 20
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
class Fields:
    """`lines` holds where each key stands; the values of `entries` know where they begin themselves."""

    line: int
    entries: dict[str, Located]
    lines: dict[str, int]


Located: TypeAlias = Scalar | Items | Fields


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

    def only(self, found: Fields, known: tuple[str, ...]) -> None:
        """No other key may stand there."""
        for key in found.entries:
            if key not in known:
                self.unknown(found.lines[key], "the key", key, known)

    def one(self, found: Fields, what: str, known: tuple[str, ...]) -> str | None:
        """The one of these keys that stands there, of which there must be exactly one."""
        named = [key for key in known if key in found.entries]
        if len(named) == 1:
            return named[0]
        got = f"this has {' and '.join(named)}" if named else "this has none"
        self.add(found.line, f"{what} has exactly one of {', '.join(known)}; {got}")
        return None

    def check(self) -> None:
        if self._found:
            raise Misconfigured(tuple(f"{self.path}:{line}: {sentence}" for line, sentence in sorted(set(self._found))))


def documents(path: Path, faults: Faults) -> tuple[Located, ...]:
    """Every YAML document of a file. Raises Misconfigured where it cannot be read or is no YAML at all."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        why = failure.strerror if isinstance(failure, OSError) else "it is not UTF-8"
        raise Misconfigured((f"{path}: the mapping file cannot be read: {why}",)) from failure
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except RecursionError as failure:
        raise Misconfigured((f"{path}:1: nested too deeply; expected at most {DEEPEST} levels",)) from failure
    except (yaml.YAMLError, ValueError, OverflowError) as failure:
        mark = getattr(failure, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        sentence = getattr(failure, "problem", None) or "it has a character that no YAML has"
        raise Misconfigured((f"{path}:{line}: no valid YAML: {sentence}",)) from failure
    reading = _Reading(faults)
    return tuple(reading.located(node, 0) for node in nodes if node is not None)


def plain(found: Located) -> Any:
    """The value without its lines, as `json.loads` would give it."""
    match found:
        case Scalar():
            return found.value
        case Items():
            return [plain(item) for item in found.items]
        case Fields():
            return {key: plain(value) for key, value in found.entries.items()}


class _Reading:
    """Reads one file, and counts what its aliases stand for: a few lines of aliases of aliases can be gigabytes."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._read: set[int] = set()
        self._repeated = 0

    def located(self, node: yaml.Node, depth: int) -> Located:
        line = node.start_mark.line + 1
        self._note(node, line)
        if depth > DEEPEST:
            self._faults.add(line, f"nested deeper than {DEEPEST} levels; does an alias contain itself?")
            return Scalar(line=line, value=None)
        match node:
            case yaml.MappingNode():
                return self._fields(node, depth)
            case yaml.SequenceNode():
                return Items(line=line, items=tuple(self.located(item, depth + 1) for item in node.value))
            case yaml.ScalarNode(style=None):
                return Scalar(line=line, value=self._scalar(self._text(node), line))
            case _:
                return Scalar(line=line, value=self._text(node))

    def _note(self, node: yaml.Node, line: int) -> None:
        self._repeated += id(node) in self._read
        self._read.add(id(node))
        if self._repeated > MOST_REPEATED:
            what = f"aliases that stand for more than {MOST_REPEATED:,} parts; write fewer"
            raise Misconfigured((f"{self._faults.path}:{line}: {what}",))

    def _fields(self, node: yaml.MappingNode, depth: int) -> Fields:
        entries: dict[str, Located] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._faults.add(line, "a key is a list or a table; expected a word")
            elif (word := self._text(key)) in entries:
                self._faults.add(line, f"'{word}' stands here twice, first in line {lines[word]}; remove one")
            else:
                entries[word], lines[word] = self.located(value, depth + 1), line
        return Fields(line=node.start_mark.line + 1, entries=entries, lines=lines)

    def _text(self, node: yaml.Node) -> str:
        whole = str(node.value).encode(errors="replace").decode()
        if whole != node.value:
            what = "half a surrogate pair, which no UTF-8 can hold; expected whole characters"
            self._faults.add(node.start_mark.line + 1, what)
        return whole

    def _scalar(self, text: str, line: int) -> str | int | float | bool | None:
        """Whole numbers beyond 64 bits are floats, as in events."""
        word = text.lower()
        if word in _WORDS:
            return _WORDS[word]
        if not _DECIMAL.fullmatch(text):
            return text
        if len(text) <= _LONGEST_WHOLE and _INTEGER.fullmatch(text) and -1 << 63 <= int(text) < 1 << 64:
            return int(text)
        if isfinite(found := float(text)):
            return found
        self._faults.add(line, "a number that JSON cannot hold; expected a finite one, or a text in quotes")
        return 0
