"""Fragments change hands: an absorbed profile gives all of them, one that loses an identifier gives what is cut.

The profile that gives deletes its timers and leaves a forward; the one that adopts computes new ones. What channels were
told about an identifier travels with it, so that a merge that changes nothing for a channel says nothing to it."""
from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from streams.core import bounds, campaigns, erasing, expiry, lapsing, profiling, retention
from streams.core.belonging import begin_decided
from streams.core.campaigns import history
from streams.core.consent.merging import forget_announced, note_other
from streams.core.context import Context
from streams.core.forgetting import disarm
from streams.core.forwarding import leave_forward, pass_on
from streams.core.intervals import BEGINNING
from streams.core.messages import Adopt, Cut, Release, Sent
from streams.core.outputs import ProfileGone
from streams.core.profile import ERASED, Forward, Fragment, Profile, note_handover, split_key
from streams.core.segments.folding import fold, refold, remember
from streams.core.tables import Entry, Pointer, portions

CHUNK = 200
"""Events of a timeline that travel in one message, at most; usual ones are 100 KB together."""


def release(context: Context, message: Release, at: int) -> list[Sent]:
    """Give everything to the survivor, who is brought up to date as a whole: new definitions reach no half before the
    message that joins it."""
    tables, profile = context.tables, context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        return [replace(message, profile=profile.to)]
    if profile is None:
        return [Adopt(message.to, message.profile, [], [], None)]
    sends = lapsing.catch_up(context, profile, at) if profile.edition == context.edition else []
    if profile.weight > bounds.LARGEST:
        sends += bounds.curtailed(context, profile, at)
    profile.inherited = campaigns.answered(context.plan, profile)
    _leave(context, profile, message.to, at)
    entries = tables.timeline.entries(profile.key)
    tables.timeline.replace(profile.key, [])
    fragments, profile.fragments = list(profile.fragments.values()), {}
    given = Adopt(message.to, message.profile, fragments, entries, profile)
    return [*sends, ProfileGone(profile.profile_id, "merge"), *_in_portions(given)]


def _in_portions(given: Adopt) -> list[Sent]:
    """The same, in messages that records can hold. The fragments come in the first: whatever the receiver has under their
    keys before that is an event of its own."""
    first, *others = list(portions(given.entries, CHUNK)) or [[]]
    messages = [replace(given, entries=first), *(replace(given, fragments=[], entries=each, state=None) for each in others)]
    return [replace(message, last=message is messages[-1]) for message in messages]


def _leave(context: Context, profile: Profile, to: str, at: int) -> None:
    tables = context.tables
    disarm(tables, profile)
    if profile.seen or profile.chunks:
        pointer = tables.pointers.get(profile.key) or Pointer(owners=[[BEGINNING, to, 0]])
        pointer.seen, pointer.chunks = profile.seen, profile.chunks
        tables.pointers.put(profile.key, pointer)
        profile.seen, profile.chunks = b"", 0
    leave_forward(tables, profile, to, at)


def cut(context: Context, message: Cut, at: int) -> list[Sent]:
    """Give the events of one identifier from `since` to `until`, cut anew from the timeline.

    Some of them may be in fragments that this profile itself still waits for. Then the cut waits for those, and for what
    they in turn wait for (`_inherit`), but for nothing decided later, so that no two profiles ever wait for each other. An
    absorbed profile may arrive before the decision about it; what that profile expected was decided later too, and may be
    this very cut."""
    tables, profile = context.tables, context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        return [replace(message, profile=profile.to)]
    if profile is None:
        return [Adopt(message.to, message.source, [], [], None)]
    at = max(at, profile.now)
    sends = lapsing.catch_up(context, profile, at)
    for identifier in message.identifiers:
        forget_announced(profile, identifier, message.since, message.until)
        if message.until is None:
            profile.identifiers.pop(identifier, None)
            profile.suppressed.pop(identifier, None)
    tables.profiles.put(profile.key, profile)
    later = {source for sources in profile.early.values() for source in sources}
    expected = [source for source, balance in profile.handovers.items() if balance > 0 and source not in later]
    if expected:
        profile.cuts.append([message.to, list(message.identifiers), message.fragments, message.since, message.until,
                             message.source, message.is_split, expected])
        return sends
    given = _carry_out(context, profile, message)
    sends += profiling.settle(context, profile, at, "split")
    lapsing.arm(context, profile)
    return sends + given


def _carry_out(context: Context, profile: Profile, message: Cut) -> list[Sent]:
    parted = _part(context.tables.timeline.entries(profile.key), message)
    fragments = [
        fragment for key in message.fragments if key in profile.fragments
        for fragment in _recut(context, profile, message, key, parted)]
    told = {key: value for identifier in message.identifiers if message.until is None
            for key, value in campaigns.hand_over(profile, identifier).items()}
    if parted.given:
        context.tables.timeline.replace(profile.key, parted.kept)
        if profile.expiry:
            expiry.ask_now(context, profile)
    entries = [entry._replace(fragment=message.fragments[entry.fragment]) for entry in parted.given]
    waiting = campaigns.give_waiting(profile, {entry.arrival for entry in entries})
    had = campaigns.answered(context.plan, profile) if message.is_split else set[str]()
    leaving = Profile("", profile.profile_id, fragments={fragment.key: fragment for fragment in fragments},
                      identifiers={identifier: [] for identifier in message.identifiers})
    curtailed = bounds.curtailed(context, leaving, profile.now) + bounds.curtailed(context, profile, profile.now)
    state = Profile("", "", told=told, inherited=had, waiting=waiting, weight=leaving.weight)
    cause = "split" if message.is_split else "merge"
    given_away = Adopt(message.to, message.source, list(leaving.fragments.values()), entries, state, cause=cause)
    return [*curtailed, *_in_portions(given_away)]


def _carry_out_waiting(context: Context, profile: Profile) -> list[Sent]:
    """The cuts that waited for a fragment which has come."""
    sends: list[Sent] = []
    waiting, profile.cuts = profile.cuts, []
    for *row, expected in waiting:
        if any(source in profile.handovers for source in expected):
            profile.cuts.append([*row, expected])
        else:
            sends += _carry_out(context, profile, Cut(profile.key, *row))
    return sends


class _Parted(NamedTuple):
    """The events of a profile, in order of arrival: those that stay and those that go."""

    kept: list[Entry]
    given: list[Entry]

    def of(self, fragment: str) -> _Parted:
        """Those of this fragment alone."""
        return _Parted([e for e in self.kept if e.fragment == fragment], [e for e in self.given if e.fragment == fragment])


def _part(entries: list[Entry], message: Cut) -> _Parted:
    def is_given(entry: Entry) -> bool:
        return (entry.fragment in message.fragments and entry.event_time >= message.since
                and (message.until is None or entry.event_time < message.until))

    return _Parted([e for e in entries if not is_given(e)], [e for e in entries if is_given(e)])


def _recut(context: Context, profile: Profile, message: Cut, key: str, parted: _Parted) -> list[Fragment]:
    """The part of this fragment that is given. A fragment that goes as a whole goes as it is, with all it knows.

    Otherwise both halves are folded anew. Events that the timeline has forgotten stay counted where they were, and what they
    said of traits and consent stays said."""
    old = profile.fragments[key]
    identifier, epoch = split_key(message.fragments[key])
    if old.first_seen >= message.since and (message.until is None or old.last_seen < message.until):
        del profile.fragments[key]
        old.epoch = epoch
        return [old]
    kept, given = parted.of(key)
    if not given:
        return []
    forgotten = old.events - len(given) - len(kept)
    stays = _fold_anew(context, Fragment(old.identifier, old.epoch), kept)
    stays.events += forgotten
    if forgotten:
        stays.first_seen, stays.last_seen = old.first_seen, old.last_seen
        remember(stays, old, {entry.arrival for entry in given})
    if stays.events:
        profile.fragments[key] = stays
    else:
        del profile.fragments[key]
    return [_fold_anew(context, Fragment(identifier, epoch), given)]


def _fold_anew(context: Context, fragment: Fragment, entries: list[Entry]) -> Fragment:
    events = [context.reread(entry) for entry in entries]
    for event in events:
        profiling.count(fragment, event)
    refold(context.plan, fragment, events)
    return fragment


def adopt(context: Context, message: Adopt, at: int) -> list[Sent]:
    """Take the fragments in. When the last one expected has come, evaluate."""
    tables, profile = context.tables, context.tables.profiles.get(message.profile)
    if isinstance(profile, Forward):
        return [pass_on(tables, profile, message)]
    if profile is None:
        profile = begin_decided(context, message.profile, 0)
    at = max(at, profile.now)
    _take_in(context, profile, message)
    sends: list[Sent] = [*bounds.curtailed(context, profile, at)] if profile.weight > bounds.LARGEST else []
    if not message.last:
        return sends
    note_handover(profile, message.source, -1)
    sends += _carry_out_waiting(context, profile) if profile.cuts else []
    if profile.standing == ERASED:
        return sends + erasing.finish(context, profile, at)
    sends += profiling.settle(context, profile, at)
    lapsing.arm(context, profile)
    return sends


def _take_in(context: Context, profile: Profile, message: Adopt) -> None:
    """The fragments, their events, and what else their giver was."""
    if message.state is not None:
        note_other(profile, message.fragments, message.state)
    for fragment in message.fragments:
        _join(context, profile, fragment)
    for entry in message.entries:
        context.tables.timeline.append(profile.key, entry)
    expiry.unwatch(context, profile)
    if message.fragments or message.entries:
        profile.joined = message.cause
    if message.entries:
        retention.watch(context, profile, message.entries[0].arrival)
    if message.state is not None:
        _inherit(profile, message.source, message.state)
        history.watch_anew(context, profile)
    context.tables.profiles.put(profile.key, profile)


def _join(context: Context, profile: Profile, fragment: Fragment) -> None:
    """Events of this fragment that found the profile before the fragment did are folded into it.

    They are those in the timeline under its key: its own entries come with it and after it, never before.
    """
    if fragment.key in profile.fragments:
        early = [e for e in context.tables.timeline.entries(profile.key) if e.fragment == fragment.key]
        for event in map(context.reread, early):
            profiling.count(fragment, event)
            fold(context.plan, fragment, event)
    profile.fragments[fragment.key] = fragment


def _inherit(profile: Profile, origin: str, state: Profile) -> None:
    if state.handovers and profile.handovers.get(origin, 0) <= 0:
        profile.early[origin] = sorted(state.handovers)
    passed_on = sorted(source for source, balance in state.handovers.items() if balance > 0)
    for expected in (*(expected for *_, expected in profile.cuts), *profile.early.values()):
        if origin in expected:
            expected += passed_on
    campaigns.inherit(profile, state)
    profile.now = max(profile.now, state.now)
    profile.weight += state.weight
    for segment, sequence in state.sequences.items():
        profile.sequences[segment] = max(sequence, profile.sequences.get(segment, 0))
    for source, balance in state.handovers.items():
        note_handover(profile, source, balance)
    profile.cuts += state.cuts
    profile.waiting += state.waiting
    if state.forgotten:
        retention.note(profile, state.forgotten)
