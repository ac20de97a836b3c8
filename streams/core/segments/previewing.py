"""What other definitions would make of a profile, computed without changing anything.

With the same leaves and formulas that decide membership, so that the answer is what `apply` would bring. Only what the
change can affect is rebuilt and judged, because a preview has seconds where a backfill has minutes."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from streams.core.events import Event
from streams.core.profile import Fragment, Profile
from streams.core.segments.differences import changed_segments
from streams.core.segments.folding import refold
from streams.core.segments.leaves.leaf import digest
from streams.core.segments.plan import Plan


class Preview:
    """affected: segments that may gain or lose members by the change, deleted ones included, and those `asked` for. defined:
    those of them that exist afterwards."""

    def __init__(self, old: Plan, new: Plan, asked: Iterable[str] = ()) -> None:
        self._old, changed = old, changed_segments(old, new) | (new.segments.keys() & set(asked))
        self.defined = tuple(sorted(changed, key=new.order.__getitem__))
        self.affected = frozenset(changed) | (old.segments.keys() - new.segments.keys())
        self._segments = new.with_used(changed)
        self._leaves = {leaf: new.leaves[leaf] for name in self._segments for leaf in new.segments[name].leaves}
        sources = {source.id: source for leaf in self._leaves.values() for source in leaf.sources}
        self._plan = replace(new, sources=sources, source_set=digest(frozenset(sources)))
        self._is_kept_already = sources.keys() <= old.sources.keys()

    def members(self, profile: Profile, now: int, events: Callable[[], Iterable[tuple[str, Event]]]) -> frozenset[str]:
        """The affected segments that the profile would be in at `now`.

        `profile` must be a copy that nobody else has: what its fragments lack is rebuilt from `events`, each with the key of
        its fragment, which are read only if something is lacking."""
        if profile.handovers:
            return frozenset(profile.members) & frozenset(self.defined)
        self._rebuild(profile, events)
        judged = {name: leaf.judge(profile, now) for name, leaf in self._leaves.items()}
        truth = {name for name, (holds, _) in judged.items() if holds}
        return self.affected.intersection(self._plan.members(self._segments, truth))

    def _rebuild(self, profile: Profile, events: Callable[[], Iterable[tuple[str, Event]]]) -> None:
        lacking = [fragment for fragment in profile.fragments.values() if not self._is_complete(fragment)]
        if not lacking:
            return
        known: dict[str, list[Event]] = {fragment.key: [] for fragment in lacking}
        for key, event in events():
            if key in known:
                known[key].append(event)
        for fragment in lacking:
            refold(self._plan, fragment, known[fragment.key])

    def _is_complete(self, fragment: Fragment) -> bool:
        return self._is_kept_already and fragment.plan == self._old.source_set
