"""A segment's rule as a boolean formula over leaf truths and other segments: no time, no events, no values in
it.

Compiled to closures over the set of true leaves. It is evaluated only when a leaf's truth flipped, and can
say which parts decided: that is what `because` is made of.
"""
from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from streams.core.leaves.leaf import Leaf
from streams.core.profile import Json

Members: TypeAlias = Mapping[str, Json]
Holds: TypeAlias = Callable[[Set[str], Container[str]], bool]


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
            every = tuple(map(compile_formula, parts))
            return lambda truth, members: all(holds(truth, members) for holds in every)
        case Some(parts=parts):
            some = tuple(map(compile_formula, parts))
            return lambda truth, members: any(holds(truth, members) for holds in some)
        case Inverse(part=part):
            inner = compile_formula(part)
            return lambda truth, members: not inner(truth, members)
        case Anyone():
            return lambda truth, members: True
        case _ as unknown:
            assert_never(unknown)


def leaves_of(formula: Formula) -> list[Leaf]:
    """In the order in which the rule names them."""
    match formula:
        case LeafHolds(leaf=leaf):
            return [leaf]
        case Every(parts=parts) | Some(parts=parts):
            return [leaf for part in parts for leaf in leaves_of(part)]
        case Inverse(part=part):
            return leaves_of(part)
        case MemberOf() | Anyone():
            return []
        case _ as unknown:
            assert_never(unknown)


def segments_of(formula: Formula) -> list[str]:
    match formula:
        case MemberOf(segment=segment):
            return [segment]
        case Every(parts=parts) | Some(parts=parts):
            return [segment for part in parts for segment in segments_of(part)]
        case Inverse(part=part):
            return segments_of(part)
        case LeafHolds() | Anyone():
            return []
        case _ as unknown:
            assert_never(unknown)


def decide(formula: Formula, truth: Set[str], members: Container[str]) -> tuple[bool, list[Part]]:
    """The answer, and the parts it rests on: of a conjunction that holds all, of one that fails those that
    fail."""
    match formula:
        case LeafHolds(leaf=leaf):
            return leaf.id in truth, [formula]
        case MemberOf(segment=segment):
            return segment in members, [formula]
        case Anyone():
            return True, [formula]
        case Inverse(part=part):
            answer, parts = decide(part, truth, members)
            return not answer, parts
        case Every(parts=parts) | Some(parts=parts):
            return _decide_together(isinstance(formula, Every), [decide(part, truth, members) for part in parts])
        case _ as unknown:
            assert_never(unknown)


def _decide_together(is_every: bool, decided: list[tuple[bool, list[Part]]]) -> tuple[bool, list[Part]]:
    answers = [answer for answer, _ in decided]
    answer = all(answers) if is_every else any(answers)
    agreeing = [parts for each, parts in decided if each is answer]
    if answer and not is_every:
        return answer, agreeing[0]
    return answer, [part for parts in agreeing for part in parts]
