"""From a mapping file to a `Mapping`, or to the list of all that is wrong with it."""
from __future__ import annotations

import codecs
from pathlib import Path

from connectors.sources.files import parse_value
from connectors.sources.files.convert import UTC_ZONE
from connectors.sources.files.document import Faults, Fields, Items, Located, documents
from connectors.sources.files.mapping import Condition, Constant, Lookup, Mapping, Message, Section, Target, Unmatched, Value
from connectors.sources.files.parse_value import Scope, word
from connectors.sources.files.targets import EXTERNAL, TARGETS, is_identifying, kind_of, target
from streams.core.intake import KINDS

SECTION_KEYS = ("file", "zone", "missing", "unmatched", "delimiter", "encoding", "lookups", "messages")
LOOKUP_KEYS = ("file", "key", "on")
_NO_DELIMITERS = '"\r\n\0'
_ASCII = "".join(map(chr, range(128))) + "\\u12 +AGE-"
"""Also what begins an escape to some encodings."""
NO_IDENTIFIER = (
    "a message needs an identifier, as `userId: {column: customer}`: userId, anonymousId, traits.email, "
    "traits.phone, context.device.id or externalIds.TYPE"
)


def load(path: Path) -> Mapping:
    """The mapping in a file of one or more YAML documents.

    Raises Misconfigured with every fault, each with file and line and, for a misspelt word, the nearest one.
    """
    faults = Faults(path)
    found = [_section(document, faults) for document in documents(path, faults)]
    if not found:
        faults.add(1, "the file is empty; expected at least `messages:`")
    faults.check()
    return Mapping(path=path, sections=tuple(section for section in found if section is not None))


def _section(found: Located, faults: Faults) -> Section | None:
    if not isinstance(found, Fields):
        faults.add(found.line, "expected a table with `messages:`")
        return None
    faults.only(found, SECTION_KEYS)
    lookups = _lookups(found.entries.get("lookups"), faults)
    stated = found.entries.get("zone")
    zone = (parse_value.zone(stated, faults) if stated else None) or UTC_ZONE
    scope = Scope(faults=faults, zone=zone, lookups=tuple(lookup.name for lookup in lookups))
    return Section(
        line=found.line, file=word(found.entries.get("file"), "file", faults) or "*", messages=_messages(found, scope),
        lookups=lookups, missing=_missing(found.entries.get("missing"), faults),
        unmatched=_unmatched(found.entries.get("unmatched"), faults),
        delimiter=_delimiter(found.entries.get("delimiter"), faults),
        encoding=_encoding(found.entries.get("encoding"), faults))


def _messages(found: Fields, scope: Scope) -> tuple[Message, ...]:
    listed = found.entries.get("messages")
    if not isinstance(listed, Items) or not listed.items:
        scope.faults.add(listed.line if listed else found.line, "`messages:` lists at least one message")
        return ()
    return tuple(message for item in listed.items if (message := _message(item, scope)) is not None)


def _message(found: Located, scope: Scope) -> Message | None:
    if not isinstance(found, Fields):
        scope.faults.add(found.line, "a message is a table of its fields, as `type: track`")
        return None
    fields: dict[Target, Value] = {}
    for key, content in found.entries.items():
        if key == "when":
            continue
        place = target(key)
        if place is None and key.startswith(f"{EXTERNAL}."):
            of = "letters, digits, `_`, `.` and `-` (not in front), as externalIds.loyalty_card"
            scope.faults.add(found.lines[key], f"'{key}' is no namespace; expected {of}")
        elif place is None:
            scope.faults.unknown(found.lines[key], "the field", key, (*TARGETS, "when"))
        elif (read := parse_value.value(content, kind_of(place), scope)) is not None:
            fields[place] = read
    _complete(found, fields, scope.faults)
    return Message(line=found.line, fields=tuple(fields.items()), when=_when(found.entries.get("when"), scope))


def _complete(found: Fields, fields: dict[Target, Value], faults: Faults) -> None:
    """What the intake would refuse in every row is a fault of the mapping."""
    places = {place: key for key in found.entries if (place := target(key)) is not None}
    kind = fields.get(("type",))
    if ("type",) not in places:
        faults.add(found.line, f"a message needs `type:`, one of {', '.join(KINDS)}")
    elif kind and isinstance(kind.source, Constant) and kind.source.value not in KINDS:
        faults.unknown(kind.line, "the type of message", kind.source.value, KINDS)
    elif kind and kind.source == Constant(value="track") and ("event",) not in places:
        faults.add(found.line, "a track message needs `event:`, the name of what happened")
    if not any(is_identifying(place) for place in places):
        faults.add(found.line, NO_IDENTIFIER)
    held = {("context", *place) if place[0] == EXTERNAL else place: key for place, key in places.items()}
    for place, key in held.items():
        longer = sorted(name for other, name in held.items() if other[: len(place)] == place and other != place)
        if longer:
            faults.add(found.lines[key], f"'{key}' cannot hold a value and also '{longer[0]}'")


def _when(found: Located | None, scope: Scope) -> tuple[Condition, ...]:
    listed = found.items if isinstance(found, Items) else (found,) if found is not None else ()
    return tuple(read for item in listed if (read := parse_value.condition(item, scope)) is not None)


def _lookups(found: Located | None, faults: Faults) -> tuple[Lookup, ...]:
    if found is None:
        return ()
    if not isinstance(found, Fields):
        faults.add(found.line, "`lookups:` is a table of names, each with `file`, `key` and `on`")
        return ()
    return tuple(read for name, item in found.entries.items() if (read := _lookup(name, item, faults)) is not None)


def _lookup(name: str, found: Located, faults: Faults) -> Lookup | None:
    if not isinstance(found, Fields):
        faults.add(found.line, "a lookup is a table with `file`, `key` and `on`")
        return None
    faults.only(found, LOOKUP_KEYS)
    file, key, on = (word(found.entries.get(part), part, faults) for part in LOOKUP_KEYS)
    if file is None or key is None:
        needs = "`file:` and `key:`, and `on:` where the key is called otherwise here"
        faults.add(found.line, f"the lookup '{name}' needs {needs}")
        return None
    return Lookup(name=name, file=file, key=key, on=on or key, line=found.line)


def _missing(found: Located | None, faults: Faults) -> frozenset[str]:
    if found is None:
        return frozenset({""})
    if not isinstance(found, Items):
        faults.add(found.line, '`missing:` is a list of texts that stand for "no value", as ["", NA]')
        return frozenset()
    return frozenset(text for item in found.items if (text := _stand_in(item, faults)) is not None)


def _stand_in(found: Located, faults: Faults) -> str | None:
    content = getattr(found, "value", None)
    return content if content == "" else word(found, "missing", faults)


def _unmatched(found: Located | None, faults: Faults) -> Unmatched:
    name = word(found, "unmatched", faults)
    if name is not None and name not in tuple(Unmatched):
        faults.unknown(found.line if found else 1, "the choice", name, tuple(Unmatched))
        return Unmatched.REJECT
    return Unmatched(name or Unmatched.REJECT)


def _delimiter(found: Located | None, faults: Faults) -> str | None:
    content = word(found, "delimiter", faults)
    if found is not None and content is not None and (len(content) != 1 or content in _NO_DELIMITERS):
        faults.add(found.line, "`delimiter:` is one character, no quote and no line end, as ';' or \"\\t\"")
    return content


def _encoding(found: Located | None, faults: Faults) -> str:
    stated = word(found, "encoding", faults) or "utf-8"
    try:
        name = codecs.lookup(stated).name
        fits = name == "utf-8-sig" or _keeps_ascii(name)
    except (LookupError, ValueError):
        name, fits = stated, False
    if found is not None and not fits:
        faults.add(found.line, f"'{stated}' is no encoding that keeps ASCII; expected utf-8, latin-1, cp1252, …")
    return "utf-8-sig" if name == "utf-8" else name


def _keeps_ascii(encoding: str) -> bool:
    """Delimiters and line ends must be found whatever bytes stand around them, and an invalid byte must cost its own row
    only."""
    bytes(range(128, 256)).decode(encoding, "surrogateescape")
    plain = _ASCII.encode()
    return _ASCII.encode(encoding) == plain and plain.decode(encoding, "surrogateescape") == _ASCII
