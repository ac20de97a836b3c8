"""From a rule to its formula and leaves. A leaf that two rules share is one leaf."""
from __future__ import annotations

from typing import assert_never

from streams.core.segments.comparisons import Regex, compile_comparison
from streams.core.segments.formula import Anyone, Every, Formula, Inverse, LeafHolds, MemberOf, Some
from streams.core.segments.leaves.compared import Compared, Held
from streams.core.segments.leaves.counts import compile_performed
from streams.core.segments.leaves.folded import Call
from streams.core.segments.leaves.leaf import Leaf, digest
from streams.core.segments.leaves.newest import compile_last_performed
from streams.core.segments.leaves.people import Consented, Identified, Listed, Share
from streams.core.segments.leaves.steps_on_clock import compile_sequence
from streams.core.segments.rules import (
    Aggregate,
    All,
    AnyOf,
    Consent,
    Everyone,
    HasIdentifier,
    InSegment,
    LastPerformed,
    Members,
    Not,
    Performed,
    Random,
    Rule,
    Sequence,
    Trait,
)
from streams.core.segments.vocabulary import Vocabulary
from streams.core.segments.wording import phrase


class Compiler:
    """leaves: every leaf compiled so far, by id."""

    __slots__ = ("leaves", "regex", "vocabulary")

    def __init__(self, vocabulary: Vocabulary, regex: Regex) -> None:
        self.vocabulary, self.regex = vocabulary, regex
        self.leaves: dict[str, Leaf] = {}

    def formula(self, rule: Rule) -> Formula:
        match rule:
            case All(rules=rules):
                return Every(parts=tuple(map(self.formula, rules)))
            case AnyOf(rules=rules):
                return Some(parts=tuple(map(self.formula, rules)))
            case Not(rule=inner):
                return Inverse(part=self.formula(inner))
            case Everyone():
                return Anyone()
            case InSegment(id=segment):
                return MemberOf(segment=segment)
            case _:
                leaf = self._leaf(rule)
                return LeafHolds(leaf=self.leaves.setdefault(leaf.id, leaf))

    def _leaf(
        self, rule: Trait | HasIdentifier | Performed | Aggregate | LastPerformed | Sequence | Consent | Random | Members,
    ) -> Leaf:
        match rule:
            case Trait():
                return self._trait(rule)
            case HasIdentifier():
                return Identified(rule)
            case Performed():
                return compile_performed(rule, self.regex)
            case Aggregate():
                return self._aggregate(rule)
            case LastPerformed():
                return compile_last_performed(rule, self.regex)
            case Sequence():
                return compile_sequence(rule, self.regex)
            case Consent():
                return Consented(rule)
            case Random():
                return Share(rule)
            case Members():
                return Listed(rule)
            case _ as unknown:
                assert_never(unknown)

    def _trait(self, rule: Trait) -> Leaf:
        term = self.vocabulary.term(rule.name, rule.held_for)
        leaf, test = digest(rule, self.vocabulary.meaning(rule.name)), compile_comparison(rule.comparison, self.regex)
        if rule.held_for is None:
            return Compared(leaf, phrase(rule), term, test)
        return Held(leaf, phrase(rule), term, test, rule.held_for)

    def _aggregate(self, rule: Aggregate) -> Leaf:
        term = Call(function=rule.function, match=rule.match, path=rule.property, window=rule.window).compile(self.regex)
        test = compile_comparison(rule.comparison, self.regex)
        return Compared(digest(rule), phrase(rule), term, test, is_blind=True)
