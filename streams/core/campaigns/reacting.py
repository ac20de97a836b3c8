"""When something about a profile changes: which live campaigns hear of it, and what follows."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from streams.core.campaigns import caps, holding
from streams.core.campaigns.activations import Cause
from streams.core.campaigns.advertising import memberships_now
from streams.core.campaigns.display import empty, take_back, update_audiences, withdraw
from streams.core.campaigns.explaining import remember
from streams.core.campaigns.messaging import Occasion, messages, release, undo, undo_strayed
from streams.core.campaigns.told import campaign_of, forget_former
from streams.core.context import Context
from streams.core.definitions import Campaign, Status, Trigger
from streams.core.events import COUNTED, Event
from streams.core.messages import Sent
from streams.core.outputs import Activation
from streams.core.press import Press
from streams.core.profile import BECAUSE, Profile
from streams.core.segments.evaluate import Crossing, is_leaving
from streams.core.segments.matching import matches_any

LONGEST_NAME = 200
"""Characters of an event's name in words about it."""


def memberships_changed(
    context: Context, profile: Profile, crossings: Sequence[Crossing], at: int, event: Event | None,
) -> list[Sent]:
    """The records per identifier and every live campaign's reaction to these crossings, and to the event that made them:
    one pass, so that the strongest campaign is asked first whatever triggers it."""
    sends = memberships_now(profile, at)
    if not context.plan.definitions.campaigns:
        return sends
    by_segment = {crossing.segment_id: crossing for crossing in crossings}
    if profile.held:
        for undoing in crossings:
            sends += undo(profile, undoing.segment_id, at, entered=undoing.entered)
        remember(profile, sends)
    for campaign in live(context, at):
        if event is not None and _is_answered(context, profile, campaign, event, at):
            sends += _answer_each(context, profile, campaign, event, at)
        crossing = by_segment.get(campaign.segment)
        if crossing is None:
            continue
        sends += update_audiences(context, profile, campaign, Cause(at, crossing.because, event))
        if _triggers(campaign, crossing):
            kind = Trigger.ENTERED if crossing.entered else Trigger.EXITED
            sends += _decided(context, profile, campaign, at, Occasion(kind, crossing.because, event, at))
    return sends


def permission_changed(context: Context, profile: Profile, at: int, because: str) -> list[Sent]:
    """Consent or suppression: audiences and records follow at once. Messages missed before are not sent now."""
    sends = memberships_now(profile, at) + withdraw(context, profile, at)
    return sends + _update_all_audiences(context, profile, Cause(at, because))


def identifiers_changed(context: Context, profile: Profile, at: int) -> list[Sent]:
    """The person gained or lost a cookie or device: it joins or leaves their audiences."""
    return memberships_now(profile, at) + _update_all_audiences(context, profile, Cause(at, "identifier attached"))


def _update_all_audiences(context: Context, profile: Profile, cause: Cause) -> list[Sent]:
    """Whoever a press is still to come to is put in by the press."""
    sends: list[Sent] = []
    for campaign in live(context, cause.at):
        may_enter = not _is_waiting(context, profile, campaign)
        sends += update_audiences(context, profile, campaign, cause, may_enter=may_enter)
    return sends


def event_happened(context: Context, profile: Profile, event: Event, at: int) -> list[Sent]:
    """For campaigns that answer each event of a name while the person is in their segment; of an event that changed no
    membership."""
    sends: list[Sent] = []
    for campaign in live(context, at):
        if _is_answered(context, profile, campaign, event, at):
            sends += _answer_each(context, profile, campaign, event, at)
    return sends


def catch_up(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Bring what channels know in line with the definitions in force, and with what a merge or a split left of consent.
    Members of the segment of a campaign that went live are activated, unless a press will come to them; what has ended, was
    deleted or is no longer permitted is taken back."""
    sends = memberships_now(profile, at) + withdraw(context, profile, at)
    if profile.held:
        remember(profile, undoings := undo_strayed(context, profile, at) + _undo_inherited(profile, at))
        sends += undoings
    for campaign in live(context, at):
        if _is_waiting(context, profile, campaign):
            sends += update_audiences(context, profile, campaign, _standing(profile, campaign, at), may_enter=False)
        else:
            sends += _activate_present(context, profile, campaign, at)
    defined = {campaign.id for campaign in context.plan.definitions.campaigns}
    caps.forget(profile, defined)
    forget_former(profile)
    profile.decided = {key: said for key, said in profile.decided.items() if campaign_of(key) in defined}
    return sends + take_back(context, profile, at)


def _undo_inherited(profile: Profile, at: int) -> list[Sent]:
    """What waited with an absorbed part for a membership that the whole never had: no crossing says that it is over."""
    return [sent for segment in sorted({row.segment for row in holding.rows(profile)})
            for sent in undo(profile, segment, at, entered=segment in profile.members)]


def release_held(context: Context, profile: Profile, at: int) -> list[Sent]:
    """Quiet hours are over or a cap has freed: what waited is decided by what is true now."""
    sends = release(context, profile, {campaign.id: campaign for campaign in live(context, at)}, at)
    remember(profile, sends)
    return sends


def reach(context: Context, profile: Profile, campaign: Campaign, press: Press, at: int) -> list[Sent]:
    """The press has come to somebody who is meant by it and was brought up to `at` before."""
    profile.now = at
    sends = _activate_present(context, profile, campaign, at)
    press.reached += 1
    press.activated += any(isinstance(sent, Activation) for sent in sends)
    return sends


def take_everything_back(context: Context, profile: Profile, at: int, because: str) -> list[Sent]:
    """Take back from channels all that they have of somebody who is in no segment any more and is about to be forgotten."""
    return memberships_now(profile, at) + empty(context, profile, at, because)


def live(context: Context, at: int) -> Iterator[Campaign]:
    """Campaigns that act at this instant, the strongest first."""
    for campaign in context.plan.definitions.campaigns:
        if campaign.status is Status.LIVE and (campaign.starts is None or at >= campaign.starts) and (
                campaign.ends is None or at < campaign.ends):
            yield campaign


def _decided(context: Context, profile: Profile, campaign: Campaign, at: int, occasion: Occasion) -> list[Sent]:
    sends = messages(context, profile, campaign, at, occasion)
    remember(profile, sends)
    return sends


def _is_answered(context: Context, profile: Profile, campaign: Campaign, event: Event, at: int) -> bool:
    return (event.kind in COUNTED and campaign.segment in profile.members and matches_any(campaign.each, event.name)
            and not is_leaving(context.plan, profile, campaign.segment, at))


def _answer_each(context: Context, profile: Profile, campaign: Campaign, event: Event, at: int) -> list[Sent]:
    because = f"{event.name[:LONGEST_NAME]} [message {event.message_id}]"
    return _decided(context, profile, campaign, at, Occasion(Trigger.EACH, because, event, at))


def _activate_present(context: Context, profile: Profile, campaign: Campaign, at: int) -> list[Sent]:
    """Whoever leaves at this very instant is not present: their timer comes after what the instant brings."""
    is_present = not is_leaving(context.plan, profile, campaign.segment, at)
    sends = update_audiences(context, profile, campaign, _standing(profile, campaign, at), may_enter=is_present)
    member = profile.members.get(campaign.segment)
    if member and is_present and campaign.trigger in (Trigger.ENTERED, Trigger.BOTH):
        sends += _decided(context, profile, campaign, at, Occasion(Trigger.ENTERED, member[BECAUSE], None, at))
    return sends


def _standing(profile: Profile, campaign: Campaign, at: int) -> Cause:
    """Where nobody crossed: how they stand. A cookie may have come to somebody who was never in the segment."""
    is_member = campaign.segment in profile.members
    return Cause(at, "campaign live" if is_member else f"not in segment {campaign.segment}")


def _is_waiting(context: Context, profile: Profile, campaign: Campaign) -> bool:
    press = context.presses.get(campaign.id)
    return press is not None and press.is_waiting(profile, campaign.segment)


def _triggers(campaign: Campaign, crossing: Crossing) -> bool:
    wanted = (Trigger.ENTERED, Trigger.BOTH) if crossing.entered else (Trigger.EXITED, Trigger.BOTH)
    return campaign.trigger in wanted
