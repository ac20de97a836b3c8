"""Compares what is on Kafka's topics with what the simulator expects.

Each check says what was expected, what was found, and, where they differ, one place to look at. Examples name
identifiers: the people of the shop are invented.
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from streams.demo.expected import Expected
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


def judge(observed: Observed, expected: Expected) -> Verdict:
    """Compares; asks nothing of the world."""
    return Verdict(checks=(
        _equal("accepted events, counted over profiles", expected.accepted, sum(each.events for each in observed.profiles)),
        _equal("refused messages, in dead letters", expected.rejected, observed.dead_letters),
        _profiles(observed, expected),
        _events(observed, expected),
        *(_members(segment, observed, expected) for segment in SEGMENTS),
        _ids(observed.activations),
        _turns(observed.activations),
        _consent(observed.activations, expected, max(CONSENT_MS, observed.slowest_ms)),
    ))


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
    wrong = sum(not check.is_ok for check in verdict.checks)
    console.print(
        f"[bold red]{wrong} of {len(verdict.checks)} checks differ from the simulator's answer.[/]" if wrong
        else "Kafka's topics agree with the simulator's answer.")


def _profiles(observed: Observed, expected: Expected) -> Check:
    wanted = Counter(person.identifiers for person in expected.people)
    found = Counter(profile.identifiers for profile in observed.profiles)
    differing = [*(wanted - found), *(found - wanted)]
    return Check(
        name="profiles, by their identifiers", expected=f"{wanted.total():,}", found=f"{found.total():,}",
        is_ok=not differing, example=f"not the same on both sides: {_some_of(differing[0])}" if differing else "")


def _events(observed: Observed, expected: Expected) -> Check:
    counts = {person.identifiers: len(person.facts) for person in expected.people}
    return _none("profiles with a wrong number of events", [
        f"{_some_of(profile.identifiers)}: {profile.events}, expected {counts.get(profile.identifiers, 0)}"
        for profile in observed.profiles if counts.get(profile.identifiers, 0) != profile.events])


def _members(segment: str, observed: Observed, expected: Expected) -> Check:
    """By identifier. Wrong is one that was in the segment both now and a second ago and is missing, or that was in it at
    neither moment and is there."""
    now, before = (
        {identifier for person in expected.members(segment, observed.at - ago) for identifier in person}
        for ago in (0, TIMER_MS))
    found = {identifier for identifier, segments in observed.memberships.items() if segment in segments}
    wrong = sorted(((now & before) - found) | (found - now - before))
    return Check(
        name=f"in {segment}, identifiers", expected=f"{len(now):,}", found=f"{len(found):,}", is_ok=not wrong,
        example=f"{len(wrong)} differ: {wrong[0]}" if wrong else "")


def _ids(activations: tuple[SeenActivation, ...]) -> Check:
    times = Counter(activation.activation_id for activation in activations)
    return _none("activations sent twice", [name for name, count in times.items() if count > 1])


def _turns(activations: tuple[SeenActivation, ...]) -> Check:
    """The same change of the same identifier under two ids would be a copy that no connector could recognise."""
    times = Counter((a.channel, a.campaign_id, a.segment_id, a.identifier, a.change, a.sequence) for a in activations)
    return _none("activations repeated under another id", [" ".join(map(str, key)) for key in times if times[key] > 1])


def _consent(activations: tuple[SeenActivation, ...], expected: Expected, apart_ms: float) -> Check:
    """Removals need no permission: they are what a withdrawal causes."""
    return _none("activations without consent", [
        f"{a.campaign_id} to {a.identifier} without {a.purpose}" for a in activations
        if a.change != "exited" and not expected.permits(a.identifier, a.purpose, a.at - apart_ms, a.at + apart_ms)])


def _equal(name: str, expected: int, found: int) -> Check:
    return Check(name=name, expected=f"{expected:,}", found=f"{found:,}", is_ok=expected == found)


def _none(name: str, wrong: list[str]) -> Check:
    return Check(name=name, expected="0", found=f"{len(wrong):,}", is_ok=not wrong, example=wrong[0] if wrong else "")


def _some_of(identifiers: frozenset[str]) -> str:
    return ", ".join(sorted(identifiers)[:3])
