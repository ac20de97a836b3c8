"""From what each task found to the whole: exact where every profile was looked at, else an estimate with its error.

Each task takes a sample of its own, so tasks are strata. Current sizes are counted exactly; only the difference that a
change makes is estimated, so a small change has a small error however large the segment is.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

from streams.core.values import Json

CONFIDENCE = 1.96
"""Standard deviations on either side that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A segment. now: its members; then: its members after the change, within `margin` in 95 of 100 cases (0: exact).
    overlap: members it would share with other segments; sample: identifiers of a few members."""

    now: int
    then: int
    margin: int
    entering: int
    leaving: int
    overlap: Mapping[str, int]
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """profiles: of all tasks that answered; looked_at: those of them the estimates rest on."""

    profiles: int
    looked_at: int
    is_exact: bool
    segments: Mapping[str, Estimate]


def estimates(bodies: Mapping[int, Json], shown: int) -> Estimates:
    """From the answers by task, each with a preview. shown: how many members a sample names, as the tasks were asked."""
    strata = [_Stratum(body) for body in bodies.values()]
    names = sorted({name for stratum in strata for name in stratum.rows})
    return Estimates(
        profiles=sum(stratum.profiles for stratum in strata), looked_at=sum(stratum.looked_at for stratum in strata),
        is_exact=all(stratum.is_exact for stratum in strata),
        segments={name: _estimate(name, strata, shown) for name in names})


class _Stratum:
    """One task's share."""

    def __init__(self, body: Json) -> None:
        self.rows: Mapping[str, Json] = body["preview"]["segments"]
        self.looked_at: int = body["preview"]["looked_at"]
        self.is_exact: bool = body["preview"]["is_exact"]
        self.profiles: int = self.looked_at if self.is_exact else body["standing"]["profiles"]
        self.members: Mapping[str, Json] = body["standing"]["segments"]
        self.weight = self.profiles / self.looked_at if self.looked_at else 1.0

    def present(self, name: str) -> int:
        """Counted where only some were looked at."""
        if self.is_exact:
            return int(self.rows[name]["present"])
        return int(self.members[name]["members"]) if name in self.members else 0

    def variance(self, name: str) -> float:
        """The variance of the estimated difference, where each profile counts 1, 0 or -1. One more change is assumed than
        was seen: having seen none among a hundred does not prove that there is none."""
        if self.is_exact or not self.looked_at:
            return 0.0
        row, number = self.rows[name], self.looked_at
        mean = (row["entering"] - row["leaving"]) / number
        spread = max(0.0, (row["entering"] + row["leaving"] + 1) / (number + 1) - mean * mean)
        return float(self.profiles ** 2 * spread / number * max(0.0, 1 - number / self.profiles))


def _estimate(name: str, strata: list[_Stratum], most: int) -> Estimate:
    with_it = [stratum for stratum in strata if name in stratum.rows]
    now = sum(stratum.present(name) for stratum in with_it)
    entering = sum(stratum.rows[name]["entering"] * stratum.weight for stratum in with_it)
    leaving = sum(stratum.rows[name]["leaving"] * stratum.weight for stratum in with_it)
    overlap: Counter[str] = Counter()
    for stratum in with_it:
        overlap.update({other: round(count * stratum.weight) for other, count in stratum.rows[name]["both"].items()})
    sample = sorted(pair for stratum in with_it for pair in stratum.rows[name]["sample"])
    margin = CONFIDENCE * sqrt(sum(stratum.variance(name) for stratum in with_it))
    return Estimate(
        now=now, then=max(0, round(now + entering - leaving)), margin=round(margin), entering=round(entering),
        leaving=round(leaving), overlap=dict(overlap), sample=tuple(identifier for _, identifier in sample[:most]))


def readable(found: Estimates, asked: Iterable[str]) -> Iterator[str]:
    """The segments asked for with all that is known of them, then what else would change."""
    for name in asked:
        if name in found.segments:
            yield from _whole(name, found.segments[name], found)
    for name, each in found.segments.items():
        if name not in asked and (each.entering or each.leaving):
            yield f"also changes {name}: {changes(each)}"


def changes(each: Estimate) -> str:
    """From what to what, as part of a sentence."""
    about = f"about {each.then:,} (± {each.margin:,})" if each.margin else f"{each.then:,}"
    return f"{each.now:,} -> {about} members, {each.entering:,} would enter, {each.leaving:,} leave"


def basis(found: Estimates) -> str:
    """What the numbers rest on."""
    if found.is_exact:
        return f"exact, all {found.profiles:,} profiles looked at"
    return f"from {found.looked_at:,} of {found.profiles:,} profiles; ± holds in 95 of 100 cases"


def _whole(name: str, each: Estimate, found: Estimates) -> Iterator[str]:
    yield f"{name}: {changes(each)}; {basis(found)}"
    if each.overlap:
        yield "  its members are also in"
        for other, both in sorted(each.overlap.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"    {other}: {both:,}" + (f" ({both / each.then:.0%} of them)" if each.then else "")
    if each.sample:
        yield f"  some of them: {', '.join(each.sample)}"
