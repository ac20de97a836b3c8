"""A segment's rule as a boolean formula over leaves and other segments: no time, no events, no values.

Compiled to closures over the set of true leaves, evaluated only when a leaf flipped. `compile_decision` also says which
parts decided, which `because` is made of."""
from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from streams.core.segments.leaves.leaf import Leaf

Holds: TypeAlias = Callable[[Set[str], Container[str]], bool]
Decided: TypeAlias = "tuple[bool, Sequence[Part]]"
Decide: TypeAlias = Callable[[Set[str], Container[str]], Decided]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafHolds:
    leaf: Leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOf:
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    part: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Anyone:
    pass


Part: TypeAlias = LeafHolds | MemberOf | Anyone
Formula: TypeAlias = Part | Every | Some | Inverse


def compile_formula(formula: Formula) -> Holds:
    """A function of (ids of the true leaves, ids of the segments that the profile is in)."""
    match formula:
        case LeafHolds(leaf=leaf):
            name = leaf.id
            return lambda truth, members: name in truth
        case MemberOf(segment=segment):
            return lambda truth, members: segment in members
        case Every(parts=parts):
            return _every(list(map(compile_formula, parts)))
        case Some(parts=parts):
            return _some(list(map(compile_formula, parts)))
        case Inverse(part=part):
            inner = compile_formula(part)
            return lambda truth, members: not inner(truth, members)
        case Anyone():
            return lambda truth, members: True
        case _ as unknown:
            assert_never(unknown)


def _every(parts: list[Holds]) -> Holds:
    """Pairs nest: a generator costs more than most rules have parts."""
    if len(parts) != 2:
        return lambda truth, members: all(holds(truth, members) for holds in parts)
    first, second = parts
    return lambda truth, members: first(truth, members) and second(truth, members)


def _some(parts: list[Holds]) -> Holds:
    if len(parts) != 2:
        return lambda truth, members: any(holds(truth, members) for holds in parts)
    first, second = parts
    return lambda truth, members: first(truth, members) or second(truth, members)


def leaves_of(formula: Formula) -> list[Leaf]:
    """The leaves of the formula, in the order in which the rule names them."""
    return [part.leaf for part in _parts(formula) if isinstance(part, LeafHolds)]


def segments_of(formula: Formula) -> list[str]:
    return [part.segment for part in _parts(formula) if isinstance(part, MemberOf)]


def _parts(formula: Formula) -> Iterator[Part]:
    match formula:
        case LeafHolds() | MemberOf() | Anyone():
            yield formula
        case Every(parts=parts) | Some(parts=parts):
            for part in parts:
                yield from _parts(part)
        case Inverse(part=part):
            yield from _parts(part)
        case _ as unknown:
            assert_never(unknown)


def compile_decision(formula: Formula) -> Decide:
    """As `compile_formula`, with the parts that the answer rests on: all parts of a conjunction that holds, the failing ones
    of one that fails."""
    match formula:
        case LeafHolds(leaf=leaf):
            name, leaf_alone = leaf.id, [formula]
            return lambda truth, members: (name in truth, leaf_alone)
        case MemberOf(segment=segment):
            member_alone = [formula]
            return lambda truth, members: (segment in members, member_alone)
        case Anyone():
            anyone = [formula]
            return lambda truth, members: (True, anyone)
        case Inverse(part=part):
            return _inverse(compile_decision(part))
        case Every(parts=parts) | Some(parts=parts):
            return _together(isinstance(formula, Every), list(map(compile_decision, parts)))
        case _ as unknown:
            assert_never(unknown)


def _inverse(inner: Decide) -> Decide:
    def decide(truth: Set[str], members: Container[str]) -> Decided:
        answer, parts = inner(truth, members)
        return not answer, parts

    return decide


def _together(is_every: bool, inner: list[Decide]) -> Decide:
    def decide(truth: Set[str], members: Container[str]) -> Decided:
        decided = [each(truth, members) for each in inner]
        agreeing = [parts for answer, parts in decided if answer is not is_every]
        if not agreeing:
            return is_every, [part for _, parts in decided for part in parts]
        return not is_every, agreeing[0] if not is_every else [part for parts in agreeing for part in parts]

    return decide
