"""Reads the text of definition files: YAML or JSON to plain documents, with the line of every part.

In YAML too, null, booleans and numbers are what JSON takes for them: to YAML 1.1, which PyYAML speaks by itself, the country
`NO` is false, `21:00` is 1260 and `0612` is octal."""
from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from streams.core.values import Json
from streams.definitions.faults import Place, Steps, sentence, shown

DEEPEST = 250
_LONGEST_WHOLE = 20
MERGE = "<<"
MOST_REPEATED = 100_000
"""Lists and objects that aliases stand for: nine lists of nine aliases each to the one before are 43 million."""


@dataclass(slots=True, kw_only=True)
class Written:
    """One document. `places` has the line of every key and list item, and of the whole."""

    document: Json
    file: str
    places: dict[Steps, Place] = field(default_factory=dict)
    _built: set[int] = field(default_factory=set, repr=False)
    _repeated: int = 0

    def note_built(self, node: yaml.Node) -> None:
        """Raises Illegible where aliases make too much of a short text."""
        self._repeated += id(node) in self._built
        self._built.add(id(node))
        if self._repeated > MOST_REPEATED:
            raise Illegible(_line(node, self), f"aliases that stand for more than {MOST_REPEATED:,} parts",
                            "fewer, or what they stand for in a file")

    def place(self, steps: Steps) -> Place:
        """The line of the part at `steps`, or of the nearest part around it."""
        return next(self.places[steps[:length]] for length in range(len(steps), -1, -1) if steps[:length] in self.places)


def under(key: str, document: Json) -> Written:
    """A document of the topic: its only place is its key."""
    return Written(document=document, file=key, places={(): Place(file=key)})


class Illegible(Exception):
    """A text that is neither YAML nor JSON."""

    def __init__(self, place: Place, found: str, expected: str) -> None:
        super().__init__(sentence(place, found, expected))


def documents(text: str, file: str) -> Iterator[Written]:
    """The documents of a file in their order; a list at the top is a list of documents, an empty one is none.

    Raises Illegible after the documents that come before the fault."""
    for root, value in (_json_roots if file.lower().endswith(".json") else _yaml_roots)(text, file):
        if isinstance(root, yaml.SequenceNode):
            for place, item in enumerate(root.value):
                yield _written(item, value[place] if value is not None else None, file)
        elif root.tag != _NULL:
            yield _written(root, value, file)


def _yaml_roots(text: str, file: str) -> Iterator[tuple[yaml.Node, Json]]:
    try:
        for root in yaml.compose_all(text, Loader=_Loader):
            _refuse_tags(root, file)
            yield root, None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Illegible(Place(file=file, line=line), str(error.problem), _valid(error)) from error
    except (yaml.YAMLError, OverflowError, ValueError) as error:  # the last two: of an escape beyond Unicode
        raise Illegible(Place(file=file, line=1), "a forbidden character", "valid YAML") from error
    except RecursionError as error:
        raise Illegible(Place(file=file, line=1), "nested too deeply", "fewer levels") from error


def _refuse_tags(root: yaml.Node, file: str) -> None:
    """Refuses tags at every node: a tag asks for something other than what is written, or says what the value is not."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            is_plain = node.tag == _TEXT or any(form.match(node.value) for form in _FORMS.get(node.tag, ()))
        else:
            is_plain = node.tag == (_OBJECT if isinstance(node, yaml.MappingNode) else _LIST)
        if not is_plain:
            line = Place(file=file, line=node.start_mark.line + 1)
            raise Illegible(line, f"the tag {node.tag} of {_said(node)}", "plain YAML without tags")
        children = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        waiting += reversed(children if isinstance(node, yaml.CollectionNode) else [])


def _said(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return shown(node.value)
    return "an object" if isinstance(node, yaml.MappingNode) else "a list"


def _valid(error: yaml.MarkedYAMLError) -> str:
    """What was expected, and what to write instead where YAML's own words do not say: to YAML, `event: *` is an alias."""
    problem = str(error.problem)
    if problem.startswith("mapping values"):
        return "valid YAML; a text with `: ` in it stands in quotes, a field as far to the right as those beside it"
    if "'\\t'" in problem:
        return "valid YAML; spaces at the beginning of a line, no tab"
    if "alias" in f"{error.context} {problem}" or "cannot start any token" in problem:
        return "valid YAML; a text that begins with a sign stands in quotes, such as '*'"
    return "valid YAML"


def _json_roots(text: str, file: str) -> Iterator[tuple[yaml.Node, Json]]:
    """Values by `json`; lines by YAML, of which JSON is a subset but for tabs."""
    decoder, at = json.JSONDecoder(parse_int=_whole), 0
    while match := re.compile(r"\s*").match(text, at):
        start = match.end()
        if start == len(text):
            return
        try:
            value, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise Illegible(Place(file=file, line=error.lineno), error.msg, "valid JSON") from error
        except RecursionError as error:
            raise Illegible(Place(file=file, line=1), "nested too deeply", "valid JSON") from error
        above = "\n" * text.count("\n", 0, start)
        for root, _ in _yaml_roots(above + text[start:at].replace("\t", " "), file):
            yield root, value


def _written(root: yaml.Node, value: Json, file: str) -> Written:
    """`value` is the document where it is known already (JSON), else it is built from the nodes."""
    written = Written(document=None, file=file)
    built = _build(root, (), written)
    written.document = built if value is None else value
    for steps, leaf in _leaves(written.document, ()):
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise Illegible(written.place(steps), "a number that JSON cannot hold", "a finite one")
        if isinstance(leaf, str) and not leaf.isascii() and any("\ud800" <= letter <= "\udfff" for letter in leaf):
            raise Illegible(written.place(steps), "half a surrogate pair, which no UTF-8 can hold", "whole characters")
    return written


def _leaves(value: Json, steps: Steps) -> Iterator[tuple[Steps, Json]]:
    """Keys and what is neither object nor list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*steps, key), key
            yield from _leaves(inner, (*steps, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*steps, place))
    else:
        yield steps, value


def _build(node: yaml.Node, steps: Steps, written: Written) -> Json:
    if len(steps) > DEEPEST:
        raise Illegible(_line(node, written), "nested too deeply", f"at most {DEEPEST} levels")
    written.places.setdefault(steps, _line(node, written))
    if isinstance(node, yaml.CollectionNode):
        written.note_built(node)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, steps, written)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*steps, place), written) for place, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, steps: Steps, written: Written) -> dict[str, Json]:
    built: dict[str, Json] = {}
    merged: dict[str, Json] = {}
    for key, value in sorted(node.value, key=lambda pair: not _is_merge(pair[0])):
        if not isinstance(key, yaml.ScalarNode):
            raise Illegible(_line(key, written), "a list or an object as a key", "a text")
        if _is_merge(key):
            merged = _merged(value, steps, written) | merged
            continue
        if key.value in built:
            raise Illegible(_line(key, written), f'the key "{key.value}" a second time', "each key once")
        written.places[(*steps, key.value)] = _line(key, written)
        built[key.value] = _build(value, (*steps, key.value), written)
    return merged | built


def _is_merge(key: yaml.Node) -> bool:
    """A quoted one is a text like any other."""
    return isinstance(key, yaml.ScalarNode) and key.value == MERGE and key.style is None


def _merged(node: yaml.Node, steps: Steps, written: Written) -> dict[str, Json]:
    """What a merge key stands for: if several objects have a key, the first one's value counts."""
    found: dict[str, Json] = {}
    for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if not isinstance(source, yaml.MappingNode):
            raise Illegible(_line(source, written), f"{MERGE} is no object", "an object, or a list of them")
        found = _build(source, steps, written) | found
    return found


def _scalar(node: yaml.Node) -> Json:
    match node.tag.removeprefix(_YAML):
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            return _whole(node.value)
        case "float":
            return float(node.value)
        case _:
            return node.value


def _whole(digits: str) -> int | float:
    """As in events: beyond 64 bits the nearest float."""
    value = int(digits) if len(digits) <= _LONGEST_WHOLE else None
    return value if value is not None and -1 << 63 <= value < 1 << 64 else float(digits)


def _line(node: yaml.Node, written: Written) -> Place:
    return Place(file=written.file, line=node.start_mark.line + 1)


class _Loader(yaml.SafeLoader):
    """YAML with JSON's scalars: PyYAML's own implicit resolvers are taken away."""


_YAML = "tag:yaml.org,2002:"
_TEXT, _OBJECT, _LIST, _NULL = _YAML + "str", _YAML + "map", _YAML + "seq", _YAML + "null"
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)$")
_BROKEN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$")
_FORMS = {_NULL: (re.compile(r"(?:~|null|Null|NULL|)$"),),
          _YAML + "bool": (re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"),),
          _YAML + "int": (_WHOLE,), _YAML + "float": (_BROKEN, _WHOLE)}
"""What a scalar looks like that is one of these, written with the tag or without."""
_FIRST = {_NULL: ["~", "n", "N", ""], _YAML + "bool": list("tTfF"),
          _YAML + "int": list("-0123456789"), _YAML + "float": list("-0123456789")}
_Loader.yaml_implicit_resolvers = {}
for _tag, _letters in _FIRST.items():
    _Loader.add_implicit_resolver(_tag, _FORMS[_tag][0], _letters)
