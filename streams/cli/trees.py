"""The tree of `segment explain`, as text and as JSON."""
from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any

from streams.cli.printing import printed
from streams.core.segments.explain import Explanation, Finding
from streams.core.segments.leaves.leaf import Evidence
from streams.core.values import iso, iso_or_none

INSTANTS = frozenset({"since", "changes_at", "event_time", "at"})


def as_json(node: Any) -> Any:
    """Dataclasses as objects; instants as ISO 8601."""
    if is_dataclass(node):
        return {f.name: _value(f.name, getattr(node, f.name)) for f in fields(node)}
    if isinstance(node, list | tuple):
        return [as_json(part) for part in node]
    return node


def _value(name: str, value: Any) -> Any:
    return iso(value) if name in INSTANTS and isinstance(value, int) else as_json(value)


def as_text(explanation: Explanation) -> str:
    """The rule, indented, each node with yes or no, what decided it and when time alone will turn it."""
    state = f"in since {iso_or_none(explanation.since)}: {explanation.because}" if explanation.holds else "not in"
    lines = [f"{explanation.segment_id}: {state}" + _turns(explanation.changes_at)]
    _add(lines, explanation.rule, 1)
    return printed(lines)


def _add(lines: list[str], finding: Finding, depth: int) -> None:
    seen = ", ".join(filter(None, map(_evidence, finding.evidence[-3:])))
    lines.append(f"{'  ' * depth}{'yes' if finding.holds else 'no ':<4}{finding.text}" + (f"  [{seen}]" if seen else "")
                 + _turns(finding.changes_at))
    for part in finding.parts:
        _add(lines, part, depth + 1)


def _evidence(found: Evidence) -> str:
    value = "" if found.value is None else json.dumps(found.value, ensure_ascii=False)
    return " ".join(filter(None, (iso_or_none(found.event_time), value)))


def _turns(moment: int | None) -> str:
    return f", until {iso(moment)}" if moment is not None else ""
