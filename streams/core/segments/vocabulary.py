"""Which term the name of a trait stands for, plain or computed.

A computed trait shadows a plain trait of its name, except in its own definition: there the name means the plain trait, so
that a `coalesce` can repair a trait under its own name."""
from __future__ import annotations

from collections.abc import Iterator

from streams.core.definitions import ComputedTrait
from streams.core.events import GROUP
from streams.core.precedence import Precedence
from streams.core.segments.comparisons import Regex
from streams.core.segments.leaves.folded import Call
from streams.core.segments.leaves.leaf import digest
from streams.core.segments.leaves.terms import FirstOf, Inside, Term, TraitValue
from streams.core.segments.rules import Function, Path


class Vocabulary:
    """The names that a trait rule may use, under one set of definitions."""

    __slots__ = ("computed", "precedence", "regex")

    def __init__(self, computed: tuple[ComputedTrait, ...], precedence: Precedence, regex: Regex) -> None:
        self.computed = {trait.id: trait for trait in computed}
        self.precedence, self.regex = precedence, regex

    def term(self, path: Path, held: int | None = None, within: frozenset[str] = frozenset()) -> Term:
        """What the name stands for: the whole name first, then the way into an object. held: for how long back its value
        must be known. within: computed traits in whose definition the name stands."""
        name = ".".join(path)
        if len(path) == 1 or self._computes(name, within):
            return self._named(name, held, within)
        terms: list[Term] = [self._plain(name, held)]
        terms += (Inside(self._named(whole, held, within), path[length:])
                  for whole, length in self._around(path, within) if length > 1)
        if path[0] == GROUP and len(path) > 2:
            terms.append(Inside(self._plain(".".join(path[:2]), held), path[2:]))
        return FirstOf((*terms, Inside(self._named(path[0], held, within), path[1:])))

    def meaning(self, path: Path, within: frozenset[str] = frozenset()) -> str:
        """Changes when what the name stands for changes; part of the id of every leaf that uses it."""
        whole = ".".join(path)
        names = [whole] if self._computes(whole, within) else [name for name, _ in self._around(path, within)]
        if not names:
            orders = tuple(map(self.precedence.of, dict.fromkeys((whole, ".".join(path[:2]), path[0]))))
            return digest(orders) if any(orders) else "plain"
        meanings = tuple(self._meaning_of(name, within) for name in names)
        return meanings[0] if len(meanings) == 1 else digest(meanings)

    def _meaning_of(self, name: str, within: frozenset[str]) -> str:
        trait, inner = self.computed[name], within | {name}
        nested = tuple(self.meaning(source.trait, inner) for source in trait.of if source.trait is not None)
        return digest(trait.function, trait.match, trait.property, trait.window, trait.limit, trait.of, nested)

    def _around(self, path: Path, within: frozenset[str]) -> Iterator[tuple[str, int]]:
        """The computed traits that the path leads into, the longest name first: one of `address.home`, one of `address`."""
        for length in range(len(path) - 1, 0, -1):
            if self._computes(name := ".".join(path[:length]), within):
                yield name, length

    def _computes(self, name: str, within: frozenset[str]) -> bool:
        return name in self.computed and name not in within

    def _plain(self, name: str, held: int | None) -> Term:
        return TraitValue(name, held, self.precedence.of(name))

    def _named(self, name: str, held: int | None, within: frozenset[str]) -> Term:
        if not self._computes(name, within):
            return self._plain(name, held)
        trait = self.computed[name]
        if trait.function is Function.COALESCE:
            return self._coalesce(trait, held, within | {name})
        return Call(function=trait.function, match=trait.match, path=trait.property, window=trait.window,
                    limit=trait.limit, held=held).compile(self.regex)

    def _coalesce(self, trait: ComputedTrait, held: int | None, within: frozenset[str]) -> Term:
        terms: list[Term] = []
        for source in trait.of:
            if source.trait is not None:
                terms.append(self.term(source.trait, held, within))
            elif source.match is not None:
                newest = Call(function=Function.LAST, match=source.match, path=source.property, window=trait.window,
                              held=held)
                terms.append(newest.compile(self.regex))
        return FirstOf(tuple(terms))
