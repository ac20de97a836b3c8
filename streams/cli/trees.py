"""The tree of `segment explain`, as text and as JSON."""
from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from streams.backtest import iso

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
