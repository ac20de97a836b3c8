"""Any value of a type of ours, drawn from its annotations: a field added later is drawn without anybody thinking of it.

Hypothesis' own `from_type` knows no recursive JSON and leaves collections unbounded.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(("", "cookie:c1", "a\x00b", "ü"))
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
NUMBER = st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | st.integers(2**63, 2**64 - 1) | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=4)
PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    Any: JSON, str: TEXT, int: WHOLE, bool: st.booleans(), float: NUMBER, bytes: st.binary(max_size=5), NoneType: st.none()}


def drawn(hint: Any, special: Mapping[Any, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Values of an annotation; `special` says how types are drawn that are more than their fields."""
    if hint in special:
        return special[hint]
    if hint in PLAIN:
        return PLAIN[hint]
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        return built(hint, special)
    inner = get_args(hint)
    match get_origin(hint):
        case kind if kind in (Union, UnionType):
            return st.one_of(*(drawn(each, special) for each in inner))
        case kind if kind in (list, Sequence):
            return st.lists(drawn(inner[0], special), max_size=3)
        case kind if kind is tuple:
            return st.lists(drawn(inner[0], special), max_size=3).map(tuple)
        case kind if kind is set:
            return st.sets(drawn(inner[0], special), max_size=3)
        case kind if kind is dict:
            return st.dictionaries(drawn(inner[0], special), drawn(inner[1], special), max_size=3)
    raise NotImplementedError(f"values of {hint}: add a case")


def built(kind: Any, special: Mapping[Any, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Instances with every field drawn."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: drawn(hint, special) for name, hint in hints.items()})


def damaged(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Rubbish, and good bytes that were cut or have one byte changed."""
    cut = st.builds(lambda data, at: data[:at], whole, st.integers(0, 40))
    changed = st.builds(
        lambda data, at, byte: data[:at] + bytes([byte]) + data[at + 1:], whole, st.integers(0, 40), st.integers(0, 255))
    return st.binary(max_size=20) | cut | changed
