"""What is wrong with a definition, said so that its author can fix it without asking.

Why not an exception at the first fault: a folder with twenty faults would take twenty attempts. Readers note faults and go
on; whoever called them raises one `Misconfigured` with the whole list."""
from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from streams.core.values import Json

Steps: TypeAlias = tuple[str | int, ...]
"""Where in a document: the keys and list positions that lead there."""

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, counted from 1; 0 where there is no file (a document of the topic)."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """lines_below: how far below the line of `steps`, inside a template's text."""

    steps: Steps
    found: str
    expected: str
    meant: str = ""
    lines_below: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """At `steps`, a document refers to another one."""

    kind: str
    id: str
    steps: Steps


@dataclass(slots=True)
class Notes:
    """What the readers of one document noted on the way."""

    faults: list[Fault] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def fault(self, steps: Steps, found: str, expected: str, meant: str = "", *, lines_below: int = 0) -> None:
        self.faults.append(Fault(steps=steps, found=found, expected=expected, meant=meant, lines_below=lines_below))


def sentence(place: Place, found: str, expected: str, meant: str = "") -> str:
    """`file:line: what was found; expected …; did you mean …?`"""
    tail = f"; did you mean {meant}?" if meant else ""
    return f"{place}: {found}; expected {expected}{tail}"


def nearest(word: object, valid: Iterable[str]) -> str:
    """The valid word that a typo most likely stands for; "" if none is near."""
    plain = {_plain(each): each for each in valid}
    close = difflib.get_close_matches(_plain(str(word)), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else ""


def no_such(kind: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that nobody has defined."""
    names = sorted(known)
    meant = nearest(name, names)
    if not names:
        return f"there is no {kind} {name}; none is defined"
    return f"there is no {kind} {name}; expected one of {', '.join(names)}" + (f"; did you mean {meant}?" if meant else "")


def shown(value: Json) -> str:
    """`value` as its author wrote it, shortened; objects and lists by their kind only."""
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def dotted(steps: Steps) -> str:
    """("rule", "all", 0, "trait") as `rule.all[0].trait`."""
    parts = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(parts).removeprefix(".") or "the document"


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")
