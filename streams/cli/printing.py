"""Prints what came from outside, so that a terminal obeys none of it.

Identifiers and event names are whatever a sender wrote, and terminals obey escapes in them: colours, titles, the cursor; a
line break forges the next fact. JSON escapes by itself, so only what is printed for people passes here.
"""
from __future__ import annotations

import sys
from collections.abc import Iterable

_CONTROL = (*range(0x20), *range(0x7F, 0xA0))
_LINES_AND_DIRECTIONS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPED = {letter: f"\\x{letter:02x}" for letter in _CONTROL} | {
    letter: f"\\u{letter:04x}" for letter in _LINES_AND_DIRECTIONS} | {9: "\\t", 10: "\\n", 13: "\\r"}
_ESCAPED_BUT_LINES = {letter: escaped for letter, escaped in _ESCAPED.items() if letter not in (9, 10)}


def printable(line: str) -> str:
    """One line, with what a terminal would obey shown as in Python: `\\x1b`, `\\n`."""
    return line.translate(_ESCAPED)


def printed(lines: Iterable[str]) -> str:
    """Each `printable`, one below the other."""
    return "\n".join(map(printable, lines))


def printable_lines(text: str) -> str:
    """As `printable`, for a text that has lines and tabs of its own."""
    return text.translate(_ESCAPED_BUT_LINES)


def complain(sentence: str) -> int:
    """Say on stderr why the answer is not complete, if it is not. Returns the exit code."""
    if sentence:
        print(f"audience: {sentence}", file=sys.stderr)
    return 1 if sentence else 0
