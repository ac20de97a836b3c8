"""Building blocks of the definition language: a `Shape` reads one form of value, and knows the JSON Schema of it.

Why both in one object: a parser and a schema written apart differ after the second change. Why not a validation library:
none gives file and line, the nearest valid word, and typed core nodes from one table.

A reader that fails notes the fault and raises `Unreadable`. The record around it goes on with its other fields, so that all
faults are found, and raises `Unreadable` itself at the end."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from streams.core.values import Json
from streams.definitions.faults import Notes, Reference, Steps, dotted, shown
from streams.definitions.foreign import word_meant

T = TypeVar("T")
Item = TypeVar("Item")
Schema: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, Any]
"""The fields of a record that were present, read."""


class Unreadable(Exception):
    """The fault is noted already; never leaves this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value as written, with the way to it."""

    value: Json
    steps: Steps
    notes: Notes

    def at(self, step: str | int) -> Found:
        return Found(value=self.value[step], steps=(*self.steps, step), notes=self.notes)

    def named(self, name: str) -> Found:
        """A key of this object, as a value to be read itself."""
        return Found(value=name, steps=(*self.steps, name), notes=self.notes)

    def refuse(self, found: str, expected: str, meant: str = "", *, lines_below: int = 0) -> NoReturn:
        self.note(found, expected, meant, lines_below=lines_below)
        raise Unreadable

    def unlike(self, expected: str, meant: str = "") -> NoReturn:
        """Refuse the value: it does not have the expected form."""
        self.refuse(f"{dotted(self.steps)} is {shown(self.value)}", expected, meant)

    def note(self, found: str, expected: str, meant: str = "", *, lines_below: int = 0) -> None:
        self.notes.fault(self.steps, found, expected, meant, lines_below=lines_below)

    def needs(self, kind: str) -> None:
        """Notes that a document of that kind, with the value as its id (or path), is referred to."""
        name = self.value if isinstance(self.value, str) else ".".join(self.value)
        self.notes.references.append(Reference(kind=kind, id=name, steps=self.steps))


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    read: Callable[[Found], T]
    schema: Schema


def many(item: Shape[T], *, least: int, expected: str) -> Shape[tuple[T, ...]]:
    """A list of at least `least` items."""

    def read(found: Found) -> tuple[T, ...]:
        if not isinstance(found.value, list) or len(found.value) < least:
            found.unlike(expected)
        return tuple(_sound(item.read, map(found.at, range(len(found.value)))))

    schema: Schema = {"type": "array", "items": item.schema}
    return Shape(read, {**schema, "minItems": least} if least else schema)


def entries(found: Found, expected: str, read: Callable[[str], T]) -> dict[str, T]:
    """For an object whose keys the author chooses: by key, what `read` makes of it."""
    if not isinstance(found.value, dict):
        found.unlike(expected)
    return dict(_sound(lambda name: (name, read(name)), found.value))


def _sound(read: Callable[[Item], T], items: Iterable[Item]) -> Iterator[T]:
    """All that can be read; raises Unreadable at the end if any could not."""
    whole = True
    for item in items:
        try:
            yield read(item)
        except Unreadable:
            whole = False
    if not whole:
        raise Unreadable


@dataclass(frozen=True, slots=True)
class Choice:
    """At most one of `groups` is present, exactly one if `is_required`; a group's names may go together. `instead`: where
    another may stand."""

    groups: tuple[tuple[str, ...], ...]
    is_required: bool = False
    instead: str = ""

    @classmethod
    def of(cls, *names: str, is_required: bool = False, instead: str = "") -> Choice:
        return cls(tuple((name,) for name in names), is_required, instead)

    def check(self, found: Found, present: set[str]) -> bool:
        """True if the choice is kept; notes the fault otherwise."""
        chosen = [name for group in self.groups for name in group if name in present]
        taken = [group for group in self.groups if present.intersection(group)]
        words = ", ".join(name for group in self.groups for name in group)
        if len(taken) > 1:
            found.note(f"{dotted(found.steps)} has {' and '.join(chosen)}", f"only one of {self.instead or words}")
        elif self.is_required and not taken:
            found.note(f"{dotted(found.steps)} has none of them", f"one of {words}")
        return len(taken) <= 1 and (bool(taken) or not self.is_required)

    def schema(self) -> Schema:
        if self.is_required:
            taken = [[{"required": [name]} for name in group] for group in self.groups]
            return {"oneOf": [names[0] if len(names) == 1 else {"anyOf": names} for names in taken]}
        clashes = [
            {"required": [one, other]}
            for place, group in enumerate(self.groups)
            for later in self.groups[place + 1:] for one in group for other in later
        ]
        return {"not": {"anyOf": clashes}}


def record(
    fields: Mapping[str, Shape[Any]], make: Callable[[Given], T], *, required: tuple[str, ...] = (),
    choices: tuple[Choice, ...] = (), check: Callable[[Given, Found], None] | None = None,
) -> Shape[T]:
    """An object with known fields. `check` may refuse fields that are each right but do not go together."""
    shape = _Record(fields, make, required, choices, check)
    return Shape(shape.read, shape.schema())


@dataclass(frozen=True, slots=True)
class _Record(Generic[T]):
    fields: Mapping[str, Shape[Any]]
    make: Callable[[Given], T]
    required: tuple[str, ...]
    choices: tuple[Choice, ...]
    check: Callable[[Given, Found], None] | None

    def read(self, found: Found) -> T:
        if not isinstance(found.value, dict):
            found.unlike(f"an object with {', '.join(self.fields)}" if self.fields else "an empty object, {}")
        given, present, whole = self._fields(found)
        for name in self.required:
            if name not in present:
                found.note(f"{dotted(found.steps)} has no {name}", f"the field {name}")
                whole = False
        kept = [choice.check(found, present) for choice in self.choices]
        if not whole or not all(kept):
            raise Unreadable
        if self.check is not None:
            self.check(given, found)
        return self.make(given)

    def _fields(self, found: Found) -> tuple[dict[str, Any], set[str], bool]:
        """What could be read, the names present (of a typo the name it stands for), and whether all is well."""
        given: dict[str, Any] = {}
        present: set[str] = set()
        for name in found.value:
            child = found.at(name)
            if name not in self.fields:
                meant = word_meant(name, [valid for valid in self.fields if valid not in found.value])
                child.note(f"unknown field {shown(name)} in {dotted(found.steps)}",
                           f"one of {', '.join(self.fields)}" if self.fields else "an empty object, {}", meant)
                present.add(meant)
                continue
            present.add(name)
            try:
                given[name] = self.fields[name].read(child)
            except Unreadable:
                continue
        return given, present, len(given) == len(found.value)

    def schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "properties": {name: shape.schema for name, shape in self.fields.items()},
            "additionalProperties": False,
        }
        if self.required:
            schema["required"] = list(self.required)
        if self.choices:
            schema["allOf"] = [choice.schema() for choice in self.choices]
        return schema
