"""`audience backtest`: what would these definitions have done with those events?

The very same stages as the worker's, in process and on virtual time. Everything it writes is sorted and free of
wall-clock times (but for `summary.json`), so that two runs compare with `diff`.
"""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from streams.core.definitions import Definitions
from streams.core.outputs import IdentityChanged, ProfileGone
from streams.core.profile import Profile
from streams.core.values import Json, iso, iso_or_none
from streams.moments import received_at
from streams.pipeline import Pipeline
from streams.task.views import view


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message of the input: its place, its bytes, and why there is none if there is none. `number`: of the line, from 1;
    `file`: from 0."""

    number: int
    raw: bytes
    reason: str | None = None
    file: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """From `at` on, these definitions hold."""

    at: int
    definitions: Definitions


def for_ever(definitions: Definitions) -> Definitions:
    """The same, but profiles and events end for their age only if these definitions state one. A worker's defaults suit
    people of today; a backtest looks at a history of years as a whole."""
    key, stated = next(
        ((key, each) for key, each in definitions.sources.items() if key.startswith("identity/") and isinstance(each, dict)),
        ("identity/backtest", {"kind": "identity", "id": "backtest"}))
    never = {"anonymous_expire_after": "never", "events_expire_after": "never"}
    return replace(definitions, sources={**definitions.sources, key: {**never, **stated}})


def in_order(lines: Iterable[Line], *, is_as_given: bool) -> list[tuple[int, Line]]:
    """Lines with the instants they are received at. A line without a time stays behind the one before it."""
    timed: list[tuple[int, Line]] = []
    last = 0
    for line in lines:
        last = received_at(line.raw, last)
        timed.append((last, line))
    if not is_as_given:
        timed.sort(key=lambda pair: pair[0])
    return timed


def run(
    pipeline: Pipeline, timed: Iterable[tuple[int, Line]], switches: Iterable[Switch] = (), until: int | None = None,
) -> dict[str, Json]:
    """Send everything, each at its instant; the summary."""
    began, sent = time.perf_counter(), 0
    pending = sorted(switches, key=lambda switch: switch.at)
    for at, line in timed:
        while pending and pending[0].at <= at:
            _switch(pipeline, pending.pop(0))
        if line.reason is None:
            pipeline.send(line.raw, at, line.number, line.file)
            sent += 1
    for switch in pending:
        if until is None or switch.at <= until:
            _switch(pipeline, switch)
    pipeline.advance(to=until if until is not None and until > pipeline.now else pipeline.now)
    seconds = time.perf_counter() - began
    ended = sum(isinstance(output, ProfileGone) and output.cause == "time" for output in pipeline.collected.outputs)
    return {
        "events": sent, "rejected": len(pipeline.rejected), "profiles": len(living(pipeline)), "profiles_ended": ended,
        "memberships": len(pipeline.memberships), "activations": len(pipeline.activations()),
        "identity": len(pipeline.identity), "suppressed": len(pipeline.suppressed),
        "consent_faults": dict(sorted(sum((task.consent_faults for task in pipeline.tasks), Counter()).items())),
        "seconds": round(seconds, 3), "events_per_second": round(sent / seconds) if seconds else 0,
    }


def _switch(pipeline: Pipeline, switch: Switch) -> None:
    pipeline.advance(to=switch.at, including=False)
    pipeline.apply(switch.definitions)


def write(
    pipeline: Pipeline, summary: Mapping[str, Json], unread: Iterable[Line], folder: Path, files: Sequence[Path] = (),
) -> None:
    """A file for each kind of output, and a summary. `unread`: lines that a mapping could not turn into messages; `files`:
    of the input, of which a rejected line names its own where there are several."""
    folder.mkdir(parents=True, exist_ok=True)
    _lines(folder / "profiles.jsonl", (_profile(pipeline, p) for p in living(pipeline)))
    _lines(folder / "memberships.jsonl", _memberships(pipeline))
    _lines(folder / "activations.jsonl", _activations(pipeline))
    _lines(folder / "identity.jsonl", _identity(pipeline))
    _lines(folder / "rejected.jsonl", _rejected(pipeline, unread, files))
    _write(folder / "summary.json", [orjson.dumps(summary, option=orjson.OPT_INDENT_2)])


def living(pipeline: Pipeline) -> list[Profile]:
    found = [profile for profile in pipeline.profiles() if profile.fragments]
    return sorted(found, key=lambda profile: profile.profile_id)


def _lines(path: Path, rows: Iterable[Mapping[str, Json]]) -> None:
    _write(path, (orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows))


def _write(path: Path, lines: Iterable[bytes]) -> None:
    """Raises OSError with the file's name: a full disk tells none."""
    try:
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault


def _profile(pipeline: Pipeline, profile: Profile) -> dict[str, Json]:
    seen = view(pipeline.plan, profile, pipeline.now)
    return {
        "profile_id": seen["profile_id"], "identifiers": sorted(profile.identifiers), "traits": seen["traits"],
        "segments": sorted(profile.members), "events": seen["events"], "first_seen": iso(seen["first_seen"]),
        "last_seen": iso(seen["last_seen"]),
    }


def _memberships(pipeline: Pipeline) -> Iterator[dict[str, Json]]:
    for change in sorted(pipeline.memberships, key=lambda c: (c.at, c.profile_id, c.segment_id, c.sequence)):
        yield {
            "at": iso(change.at), "segment": change.segment_id, "profile_id": change.profile_id,
            "change": change.change, "cause": change.cause, "because": change.because,
            "identifiers": change.identifiers, "sequence": change.sequence,
        }


def _activations(pipeline: Pipeline) -> Iterator[dict[str, Json]]:
    for activation in sorted(pipeline.activations(), key=lambda a: (a.at, a.identifier, a.sequence, a.activation_id)):
        row = {name: getattr(activation, name) for name in activation.__dataclass_fields__}
        yield row | {"at": iso(activation.at), "expires_at": iso_or_none(activation.expires_at)}


def _identity(pipeline: Pipeline) -> Iterator[dict[str, Json]]:
    """In the realm's order. Ends of profiles (without an event) share the decision before them, whichever came first."""
    def place(pair: tuple[int, IdentityChanged]) -> tuple[int, bool, int, str]:
        number, line = pair
        is_end = line.change == "erased" and not line.event_id
        return line.decision, is_end, line.at if is_end else number, line.profile_id

    for _, line in sorted(enumerate(pipeline.identity), key=place):
        row = {name: getattr(line, name) for name in line.__dataclass_fields__}
        yield row | {"at": iso(line.at)}


def _rejected(pipeline: Pipeline, unread: Iterable[Line], files: Sequence[Path]) -> Iterator[dict[str, Json]]:
    found = [(record.partition, record.offset, reason, record.value) for record, reason in pipeline.rejected]
    found += [(line.file, line.number, line.reason or "", line.raw) for line in unread]
    for file, line, reason, raw in sorted(found):
        named = {"file": str(files[file])} if len(files) > 1 and file >= 0 else {}
        yield {**named, "line": line, "reason": reason, "message_id": _message_id(raw)}


def _message_id(raw: bytes | None) -> str | None:
    try:
        message = orjson.loads(raw or b"null")
    except orjson.JSONDecodeError:
        return None
    stated = message.get("messageId") if isinstance(message, dict) else None
    return str(stated) if stated is not None else None
