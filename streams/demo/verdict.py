"""Does what stands on Kafka's topics agree with the simulator's own answer?

Each check says what was expected, what was found, and, where they differ, one place to look at. Examples name
identifiers: the people of the shop are invented.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from streams.demo.answer import Answer
from streams.demo.observed import Observed, SeenActivation
from streams.demo.segments import SEGMENTS

TIMER_MS = 1_000
"""Exits and entries by time alone happen within a second, so a membership may be as of any moment of the last one."""

CONSENT_MS = 5_000
"""How far apart two partitions' knowledge of one person may be when a message goes out; as far as the slowest activation
came late, where the machine is so loaded that it is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    expected: str
    found: str
    is_ok: bool
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    checks: tuple[Check, ...]

    @property
    def is_ok(self) -> bool:
        return all(check.is_ok for check in self.checks)


def judge(observed: Observed, answer: Answer) -> Verdict:
    """Compares; asks nothing of the world."""
    return Verdict(
        checks=(
            _accepted(observed, answer),
            _rejected(observed, answer),
            _profiles(observed, answer),
            _events(observed, answer),
            *(_members(segment, observed, answer) for segment in SEGMENTS),
            _ids(observed.activations),
            _turns(observed.activations),
            _consent(observed.activations, answer, max(CONSENT_MS, observed.slowest_ms)),
        )
    )


def show(verdict: Verdict, console: Console) -> None:
    """A table of the checks, and one line that says it all."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("")
    table.add_column("check")
    table.add_column("expected", justify="right")
    table.add_column("found", justify="right")
    table.add_column("")
    for check in verdict.checks:
        mark = "[green]ok[/]" if check.is_ok else "[bold red]WRONG[/]"
        table.add_row(mark, check.name, check.expected, check.found, check.example)
    console.print(table)
    wrong = sum(1 for check in verdict.checks if not check.is_ok)
    console.print(
        "Kafka's topics agree with the simulator's answer."
        if not wrong
        else f"[bold red]{wrong} of {len(verdict.checks)} checks differ from the simulator's answer.[/]"
    )


def _accepted(observed: Observed, answer: Answer) -> Check:
    counted = sum(profile.events for profile in observed.profiles)
    return _equal("accepted events, counted over profiles", answer.accepted, counted)


def _rejected(observed: Observed, answer: Answer) -> Check:
    return _equal("refused messages, in dead letters", answer.rejected, observed.dead_letters)


def _profiles(observed: Observed, answer: Answer) -> Check:
    expected = Counter(person.identifiers for person in answer.people)
    found = Counter(profile.identifiers for profile in observed.profiles)
    differing = [*(expected - found), *(found - expected)]
    example = f"not the same on both sides: {_one(differing)}" if differing else ""
    return Check(
        name="profiles, by their identifiers",
        expected=f"{expected.total():,}",
        found=f"{found.total():,}",
        is_ok=not differing,
        example=example,
    )


def _events(observed: Observed, answer: Answer) -> Check:
    expected = {person.identifiers: len(person.facts) for person in answer.people}
    wrong = [
        f"{_one([profile.identifiers])}: {profile.events}, expected {expected.get(profile.identifiers, 0)}"
        for profile in observed.profiles
        if expected.get(profile.identifiers, 0) != profile.events
    ]
    return _none("profiles with a wrong number of events", wrong)


def _members(segment: str, observed: Observed, answer: Answer) -> Check:
    """By identifier. Wrong is who was in the segment both now and a second ago and is missing, or in at neither and is
    there."""
    now, before = (_identifiers(answer, segment, observed.at - ago) for ago in (0, TIMER_MS))
    found = {identifier for identifier, segments in observed.memberships.items() if segment in segments}
    wrong = sorted(((now & before) - found) | (found - now - before))
    return Check(
        name=f"in {segment}, identifiers",
        expected=f"{len(now):,}",
        found=f"{len(found):,}",
        is_ok=not wrong,
        example=f"{len(wrong)} differ: {wrong[0]}" if wrong else "",
    )


def _identifiers(answer: Answer, segment: str, at: int) -> set[str]:
    return {identifier for person in answer.members(segment, at) for identifier in person}


def _ids(activations: tuple[SeenActivation, ...]) -> Check:
    times = Counter(activation.activation_id for activation in activations)
    return _none("activations sent twice", [name for name, count in times.items() if count > 1])


def _turns(activations: tuple[SeenActivation, ...]) -> Check:
    """The same change of the same identifier under two ids would be a copy that no connector could recognise."""
    times = Counter((a.channel, a.campaign_id, a.segment_id, a.identifier, a.change, a.sequence) for a in activations)
    return _none("activations repeated under another id", [" ".join(map(str, key)) for key in times if times[key] > 1])


def _consent(activations: tuple[SeenActivation, ...], answer: Answer, apart_ms: float) -> Check:
    """Removals need no permission: they are what a withdrawal causes."""
    wrong = [
        f"{a.campaign_id} to {a.identifier} without {a.purpose}"
        for a in activations
        if a.change != "exited" and not answer.permits(a.identifier, a.purpose, a.at - apart_ms, a.at + apart_ms)
    ]
    return _none("activations without consent", wrong)


def _equal(name: str, expected: int, found: int) -> Check:
    return Check(name=name, expected=f"{expected:,}", found=f"{found:,}", is_ok=expected == found)


def _none(name: str, wrong: list[str]) -> Check:
    return Check(name=name, expected="0", found=f"{len(wrong):,}", is_ok=not wrong, example=wrong[0] if wrong else "")


def _one(groups: Iterable[frozenset[str]]) -> str:
    return ", ".join(sorted(next(iter(groups)))[:3])
