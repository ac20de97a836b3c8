"""Tables of cases for `audience backtest`, and what they are written in.

A time is `10:00`, `10:00:00.001` or, of the 2nd of March, `2/10:00`. A message is `said("A", "10:00", revenue=5)`, late if
it says `at`. Changes are `+10:00 -13:00`: entered at ten, left at one. Every case is a person and a segment of its own, so
that a table is one run of the command.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from streams import cli
from streams.core.values import Json

Message = dict[str, Json]
UNTIL = "2026-03-30T00:00:00Z"


def iso(time: str) -> str:
    """`2/10:00` as ISO 8601 with milliseconds; whole ISO times as they are."""
    if "T" in time:
        return time
    day, _, clock = time.rpartition("/")
    hours, _, rest = clock.partition(":")
    minutes, _, seconds = rest.partition(":")
    whole, _, fraction = (seconds or "00").partition(".")
    return f"2026-03-{int(day or 1):02d}T{int(hours):02d}:{minutes}:{whole}.{fraction or '000'}Z"


def said(event: str, time: str, at: str = "", context: Message | None = None, **properties: Json) -> Message:
    """A track message that happened at `time`, received `at`."""
    return {"type": "track", "event": event, "timestamp": iso(time), "receivedAt": iso(at or time),
            "properties": properties} | ({"context": context} if context else {})


def known(time: str, at: str = "", **traits: Json) -> Message:
    return {"type": "identify", "timestamp": iso(time), "receivedAt": iso(at or time), "traits": traits}


class Run(NamedTuple):
    """What the command wrote."""

    profiles: list[Message]
    memberships: list[Message]
    rejected: list[Message]
    identity: list[Message]

    def profile(self, identifier: str) -> Message:
        (found,) = (each for each in self.profiles if identifier in each["identifiers"])
        return found

    def changes(self, segment: str, identifier: str) -> str:
        return " ".join(("+" if each["change"] == "entered" else "-") + short(each["at"]) for each in self.memberships
                        if each["segment"] == segment and identifier in each["identifiers"])


def short(at: str) -> str:
    """`iso` backwards, without what is nought."""
    day, clock = int(at[8:10]), at[11:-1].removesuffix(".000").removesuffix(":00")
    return clock if day == 1 else f"{day}/{clock}"


def backtest(
    folder: Path, messages: Iterable[Message | str], definitions: str | list[Message], *arguments: str, until: str = UNTIL,
) -> Run:
    """The command itself over these messages (a text is a line as it is) and definitions (YAML)."""
    folder.mkdir(parents=True, exist_ok=True)
    events = folder / "events.jsonl"
    events.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in messages))
    write(folder / "definitions", definitions)
    status = cli.main(["backtest", str(events), "--definitions", str(folder / "definitions"), "--output",
                       str(folder / "out"), *(["--until", until] if until else []), *arguments])
    assert status == 0
    names = ("profiles", "memberships", "rejected", "identity")
    return Run(*([json.loads(line) for line in (folder / "out" / f"{name}.jsonl").read_text().splitlines()]
                 for name in names))


def write(folder: Path, definitions: str | list[Message]) -> Path:
    folder.mkdir(exist_ok=True)
    text = definitions if isinstance(definitions, str) else yaml.safe_dump_all(definitions, sort_keys=False)
    (folder / "all.yaml").write_text(text)
    return folder


class Case(NamedTuple):
    """A rule in YAML, the messages of one person, and the changes of membership that INTERFACES asks for."""

    rule: str
    messages: list[Message]
    changes: str


def outcomes(folder: Path, cases: Mapping[str, Case], more: str = "") -> dict[str, str]:
    """Case -> changes, all in one run. `more`: definitions beside the segments of the cases."""
    text = more + "".join(f"\n---\nkind: segment\nid: s{number}\nrule:\n  {case.rule}\n"
                          for number, case in enumerate(cases.values()))
    messages = [{"userId": f"u{number}", "messageId": f"{number}-{place}", **message}
                for number, case in enumerate(cases.values()) for place, message in enumerate(case.messages)]
    run = backtest(folder, messages, text)
    assert run.rejected == []
    return {name: run.changes(f"s{number}", f"customer_id:u{number}") for number, name in enumerate(cases)}
