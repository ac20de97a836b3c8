"""What channels were told, as keys of `Profile.told`. It travels with identifiers and profiles, so it is one dict.

`campaign|channel|identifier`: in that audience; [segment, purpose, content, version of the segment], so that a campaign that
is deleted can be taken back. `=memberships|identifier`: the record as it stands; no campaign can be called so.
`campaign|channel`: the membership that began then was answered, [instant, @segment], by a message, [instant, SENT,
@segment], or, of display, by a dead letter, [instant, version]; older rows name no segment and answer for whichever is asked
about. `#campaign|channel|segment`: the same of a membership in a segment that the campaign had before. `#identifier`: the
last sequence number.
"""
from __future__ import annotations

from typing import Any

from streams.core.profile import SINCE, Profile

MEMBERSHIPS = "=memberships"
SENT = "sent"
OF = "@"
"""Begins the segment of an answer."""
SEGMENT, PURPOSE, CONTENT, SEGMENT_VERSION = range(4)
"""Places in what was told of an audience."""


def audience_key(campaign: str, channel: str, identifier: str) -> str:
    return f"{campaign}|{channel}|{identifier}"


def record_key(identifier: str) -> str:
    return f"{MEMBERSHIPS}|{identifier}"


def answer_key(campaign: str, channel: str) -> str:
    return f"{campaign}|{channel}"


def campaign_of(key: str) -> str:
    """Of an `answer_key`."""
    campaign, _, _ = key.partition("|")
    return campaign


def answer(profile: Profile, segment: str, key: str) -> list[Any] | None:
    """How the present membership was answered by e-mail or SMS: [SENT] or nothing more to say; None if it was not."""
    member = profile.members.get(segment)
    for said in (profile.told.get(key), profile.told.get(_former_key(key, segment))):
        if member and said and said[0] == member[SINCE] and _segment(said) in (None, segment):
            return [how for how in said[1:] if how == SENT]
    return None


def note_answer(profile: Profile, segment: str, key: str, *how: object) -> None:
    """The present membership is answered so. What another segment's was answered stays, in case an edit brings it back."""
    said = profile.told.get(key)
    other = _segment(said) if said else None
    if said and other is not None:
        profile.told[_former_key(key, other)] = said
    profile.told.pop(_former_key(key, segment), None)
    profile.told[key] = [profile.members[segment][SINCE], *how, f"{OF}{segment}"]


def forget_answer(profile: Profile, segment: str, key: str) -> None:
    """The membership counts as unanswered again."""
    profile.told.pop(_former_key(key, segment), None)
    if key in profile.told and _segment(profile.told[key]) in (None, segment):
        del profile.told[key]


def answered_segments(profile: Profile, key: str) -> set[str]:
    """Segments whose memberships were answered, if they still last."""
    said, former = profile.told.get(key), _former_key(key, "")
    newest = _segment(said) if said else None
    return {each.removeprefix(former) for each in profile.told if each.startswith(former)} | ({newest} if newest else set())


def forget_former(profile: Profile) -> None:
    """Answers to memberships of former segments that are over. No identifier is without a colon, and no name has one."""
    for key in [key for key in profile.told if key.startswith("#") and ":" not in key]:
        member = profile.members.get(key.rpartition("|")[2])
        if not member or member[SINCE] != profile.told[key][0]:
            del profile.told[key]


def _former_key(key: str, segment: str) -> str:
    return f"#{key}|{segment}"


def _segment(said: list[Any]) -> str | None:
    last = said[-1]
    return last.removeprefix(OF) if isinstance(last, str) and last.startswith(OF) else None


def next_sequence(profile: Profile, identifier: str) -> int:
    """Rises per identifier, whoever has it and whichever segment the campaign has."""
    key = f"#{identifier}"
    [last] = profile.told.get(key, [0])
    sequence: int = last + 1
    profile.told[key] = [sequence]
    return sequence


def audiences(profile: Profile) -> list[tuple[str, str, str]]:
    """(campaign, channel, identifier) of every audience that one of the identifiers is in."""
    parts = [tuple(key.split("|", 2)) for key in profile.told if _identifier(key) and not key.startswith(f"{MEMBERSHIPS}|")]
    return [(campaign, channel, identifier) for campaign, channel, identifier in parts]


def note_last(profile: Profile, segment: str, version: int) -> None:
    """The person left the segment: note by which version, for whoever takes them out once it is no longer defined."""
    for told in audiences(profile):
        row = profile.told[audience_key(*told)]
        if row[SEGMENT] == segment:
            row[SEGMENT_VERSION] = version


def hand_over(profile: Profile, identifier: str) -> dict[str, list[Any]]:
    """What channels were told about an identifier that is another's now; this profile forgets it."""
    keys = [key for key in profile.told if identifier in (_identifier(key), _counted(key))]
    return {key: profile.told.pop(key) for key in keys}


def _identifier(key: str) -> str | None:
    if key.startswith(f"{MEMBERSHIPS}|"):
        return key.partition("|")[2]
    parts = key.split("|", 2)
    return parts[2] if len(parts) == 3 and not key.startswith("#") else None


def _counted(key: str) -> str | None:
    """The identifier of a sequence number; of a former answer, what is no identifier."""
    return key[1:] if key.startswith("#") else None
