"""Compiles a rule into a formula over leaves. Rules that state the same condition share its leaf."""
from __future__ import annotations

from typing import assert_never

from streams.core.segments import rules
from streams.core.segments.comparisons import Regex, compile_comparison
from streams.core.segments.formula import Anyone, Every, Formula, Inverse, LeafHolds, MemberOf, Some
from streams.core.segments.leaves.compared import Compared, Held
from streams.core.segments.leaves.counts import compile_performed
from streams.core.segments.leaves.folded import Call
from streams.core.segments.leaves.leaf import Leaf, digest
from streams.core.segments.leaves.newest import compile_last_performed
from streams.core.segments.leaves.people import Consented, Identified, Listed, Share
from streams.core.segments.leaves.steps_on_clock import compile_sequence
from streams.core.segments.vocabulary import Vocabulary


class Compiler:
    """leaves: every leaf compiled so far, by id."""

    __slots__ = ("leaves", "regex", "vocabulary")

    def __init__(self, vocabulary: Vocabulary, regex: Regex) -> None:
        self.vocabulary, self.regex = vocabulary, regex
        self.leaves: dict[str, Leaf] = {}

    def formula(self, rule: rules.Rule) -> Formula:
        match rule:
            case rules.All(rules=parts):
                return Every(parts=tuple(map(self.formula, parts)))
            case rules.AnyOf(rules=parts):
                return Some(parts=tuple(map(self.formula, parts)))
            case rules.Not(rule=inner):
                return Inverse(part=self.formula(inner))
            case rules.Everyone():
                return Anyone()
            case rules.InSegment(id=segment):
                return MemberOf(segment=segment)
            case _:
                leaf = self._leaf(rule)
                return LeafHolds(leaf=self.leaves.setdefault(leaf.id, leaf))

    def _leaf(self, rule: rules.Predicate) -> Leaf:
        match rule:
            case rules.Trait():
                return self._trait(rule)
            case rules.HasIdentifier():
                return Identified(rule)
            case rules.Performed():
                return compile_performed(rule, self.regex)
            case rules.Aggregate():
                return self._aggregate(rule)
            case rules.LastPerformed():
                return compile_last_performed(rule, self.regex)
            case rules.Sequence():
                return compile_sequence(rule, self.regex)
            case rules.Consent():
                return Consented(rule)
            case rules.Random():
                return Share(rule)
            case rules.Members():
                return Listed(rule)
            case _ as unknown:
                assert_never(unknown)

    def _trait(self, rule: rules.Trait) -> Leaf:
        term = self.vocabulary.term(rule.name, rule.held_for)
        test, meaning = compile_comparison(rule.comparison, self.regex), digest(rule, self.vocabulary.meaning(rule.name))
        if rule.held_for is None:
            return Compared(rule, term, test, meaning)
        return Held(rule, term, test, meaning, rule.held_for)

    def _aggregate(self, rule: rules.Aggregate) -> Leaf:
        term = Call(function=rule.function, match=rule.match, path=rule.property, window=rule.window).compile(self.regex)
        return Compared(rule, term, compile_comparison(rule.comparison, self.regex), digest(rule), is_blind=True)
