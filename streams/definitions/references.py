"""Finds the faults that only all documents together show: ids given twice, references to nothing, circles."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from streams.core.definitions import Campaign
from streams.core.segments.wording import duration
from streams.core.values import Json
from streams.definitions.faults import Fault, Notes, Place, Steps, nearest, sentence, shown
from streams.definitions.identity import Identity
from streams.definitions.kinds import Parsed
from streams.definitions.samples import subtracted
from streams.definitions.written import Written

Key: TypeAlias = tuple[str, str]

# A trait that nobody computes is one that messages set; a destination that no document describes may be the
# deployment's own. Only a segment must be defined here.
_MUST_EXIST = frozenset({"segment"})
_MAY_EXIST = frozenset({"destination"})
_ONLY_ONE = {"identity": "namespaces", "consent": "purposes"}
_CIRCULAR = frozenset({"segment", "computed-trait"})
LONGEST_CHAIN = 50
"""Segments (or computed traits) in a chain, each needed by the one before: reading, judging and explaining follow it."""
MOST_UNFOLDED = 1_000
"""Computed traits that one unfolds into, each counted as often as it is named on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document after reading; `parsed` is None where it had faults. parts: documents read with it, see `lists`."""

    written: Written
    notes: Notes
    parsed: Parsed | None
    parts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> Key | None:
        document = self.written.document
        if isinstance(document, dict) and isinstance(document.get("id"), str):
            return str(document.get("kind")), document["id"]
        return None


def faults(reads: Iterable[Read]) -> list[tuple[Place, str]]:
    """Every fault of the documents together, each with its place and whole sentence."""
    reads = list(reads)
    keyed: dict[Key, Read] = {}
    for read in reads:
        if read.key is not None:
            first = keyed.setdefault(read.key, read)
            if first is not read:
                _note_second_id(read, first, read.key)
    for kind, meaning in _ONLY_ONE.items():
        _note_second_document(kind, meaning, reads)
    computed = {name for kind, name in keyed if kind == "computed-trait"}
    for read in reads:
        _note_missing(read, keyed)
        _note_subtractions(read, computed)
    _note_chains(keyed)
    _note_uncountable_caps(reads)
    return noted(reads)


def noted(reads: Iterable[Read]) -> list[tuple[Place, str]]:
    """The faults noted so far, each with its place and whole sentence."""
    return [_located(read.written, fault) for read in reads for fault in read.notes.faults]


def _located(written: Written, fault: Fault) -> tuple[Place, str]:
    place = written.place(fault.steps)
    below = Place(file=place.file, line=place.line + fault.lines_below)
    return below, sentence(below, fault.found, fault.expected, fault.meant)


def _note_second_id(read: Read, first: Read, key: Key) -> None:
    kind, name = key
    found = f"{kind} {shown(name)} a second time, after {first.written.place(('id',))}"
    read.notes.fault(("id",), found, "each id once within its kind")


def _note_second_document(kind: str, meaning: str, reads: list[Read]) -> None:
    found = [read for read in reads if read.key is not None and read.key[0] == kind]
    for read in found[1:]:
        first = found[0].written.place(("kind",))
        read.notes.fault(("kind",), f"a second {kind} document, after {first}", f"one for all {meaning}")


def _note_missing(read: Read, keyed: Mapping[Key, Read]) -> None:
    for reference in read.notes.references:
        known = [name for kind, name in keyed if kind == reference.kind]
        demanded = reference.kind in _MUST_EXIST or (reference.kind in _MAY_EXIST and known)
        if demanded and reference.id not in known:
            read.notes.fault(reference.steps, f"no {reference.kind} {shown(reference.id)}",
                             f"the id of a {reference.kind} in the folder", nearest(reference.id, known))


def _note_subtractions(read: Read, computed: Collection[str]) -> None:
    """Ids of computed traits have hyphens; Jinja's names have none."""
    channels = read.parsed.all_channels if isinstance(read.parsed, Campaign) else ()
    for channel, (part, name) in ((each, found) for each in channels for found in subtracted(each, computed)):
        fault = Fault(
            steps=("channels", channel.name, part), expected=name.replace("-", "_"),
            found=f"channels.{channel.name}.{part} has {name}, which Jinja reads as a subtraction")
        if fault not in read.notes.faults:
            read.notes.faults.append(fault)


def _note_uncountable_caps(reads: Iterable[Read]) -> None:
    """A cap cannot count messages that nothing remembers any more."""
    rules = [*(read.parsed for read in reads if isinstance(read.parsed, Identity)), Identity(id="", namespaces=())]
    kept = rules[0].messages_expire_after
    for read in reads:
        caps = read.parsed.caps if isinstance(read.parsed, Campaign) else ()
        if kept is not None and any(cap.per > kept for cap in caps):
            read.notes.fault(("cap",), f"a cap over more than the {duration(kept)} for which messages are remembered",
                             "a shorter one, or a longer messages_expire_after in the identity definition")


def _note_chains(keyed: Mapping[Key, Read]) -> None:
    """Notes each circle once, at the reference that closes it, and each chain of documents that is too long."""
    lengths: dict[Key, int] = {}
    for start in keyed:
        if start[0] in _CIRCULAR and start not in lengths:
            _walk(start, keyed, lengths)
    _note_unfolding([key for key in lengths if key[0] == "computed-trait"], keyed)


def _walk(start: Key, keyed: Mapping[Key, Read], lengths: dict[Key, int]) -> None:
    """lengths: the length of the longest chain that begins with each document already walked. No recursion: a folder of a
    thousand segments, each in the next, is no reason to fail."""
    way = {start: _needs(start, keyed)}
    while way:
        key, needs = next(reversed(way.items()))
        for reference, needed in needs:
            if needed in way:
                _note_circle(keyed[key], reference, [*way], needed)
            elif needed in keyed and needed not in lengths:
                way[needed] = _needs(needed, keyed)
                break
        else:
            del way[key]
            lengths[key] = _chain_length(key, keyed, lengths)


def _note_circle(read: Read, reference: Steps, way: list[Key], needed: Key) -> None:
    circle = [name for _, name in (*way[way.index(needed):], needed)]
    read.notes.fault(reference, f"a circle: {' needs '.join(circle)}", "no document that needs itself")


def _chain_length(key: Key, keyed: Mapping[Key, Read], lengths: Mapping[Key, int]) -> int:
    """The length of the longest chain that begins here. A chain is noted where it first is too long: a document that needs
    that one has nothing to fix."""
    steps, most = max(((steps, lengths.get(needed, 0)) for steps, needed in _needs(key, keyed)),
                      key=lambda each: each[1], default=((), 0))
    if most == LONGEST_CHAIN:
        found = f"more than {LONGEST_CHAIN} documents of kind {key[0]}, each needed by the one before"
        keyed[key].notes.fault(steps, found, f"at most {LONGEST_CHAIN}")
    return most + 1


def _note_unfolding(keys: list[Key], keyed: Mapping[Key, Read]) -> None:
    """Notes each computed trait that unfolds into too many: each name is replaced by what it stands for, so twenty that name
    the next one twice are a million. keys: each after those it needs."""
    count: dict[Key, int] = {}
    for key in keys:
        below = [count.get(needed, 0) for _, needed in _needs(key, keyed)]
        count[key] = 1 + sum(below)
        if count[key] > MOST_UNFOLDED and max(below) <= MOST_UNFOLDED:
            keyed[key].notes.fault(("of",), f"{key[1]} unfolds into {count[key]:,} computed traits",
                                   f"at most {MOST_UNFOLDED:,}; name each once")


def _needs(key: Key, keyed: Mapping[Key, Read]) -> Iterator[tuple[Steps, Key]]:
    """A computed trait that names itself means the trait of that name which messages set. A path needs each computed trait
    that it may lead into."""
    for reference in keyed[key].notes.references:
        if reference.kind == key[0]:
            parts = reference.id.split(".")
            names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
            for name in names[:1] if (reference.kind, names[0]) in keyed else names:
                if key != ("computed-trait", name):
                    yield reference.steps, (reference.kind, name)
