"""What channels were told, as keys of `Profile.told`. It travels with identifiers and profiles, so it is one dict.

`campaign|channel|identifier`: in that audience; [segment, purpose, content, version of the segment], so that a campaign that
is deleted can be taken back. `=memberships|identifier`: the record as it stands; no campaign can be called so.
`campaign|channel`: the membership that began then was answered, [instant], by a message, [instant, SENT], or, of display, by
a dead letter, [instant, version]. `#identifier`: the last sequence number.
"""
from __future__ import annotations

from typing import Any

from streams.core.profile import SINCE, Profile

MEMBERSHIPS = "=memberships"
SENT = "sent"
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
    member, said = profile.members.get(segment), profile.told.get(key)
    if not member or not said:
        return None
    began, *how = said
    return how if began == member[SINCE] else None


def note_answer(profile: Profile, segment: str, key: str, *how: object) -> None:
    """The present membership is answered so."""
    profile.told[key] = [profile.members[segment][SINCE], *how]


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
    """The identifier of a sequence number."""
    return key[1:] if key.startswith("#") else None
