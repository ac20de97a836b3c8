"""Brings a profile up to date with the definitions in force: rebuild what fragments lack, evaluate, tell the difference.

The same for a new revision, a campaign that starts or ends, and a completed hand-over. Afterwards the profile is as if these
definitions had always been in force, as far as the timeline reaches back."""
from __future__ import annotations

from streams.core import bounds, campaigns, expiry, retention, telling
from streams.core.campaigns import history
from streams.core.consent import merging
from streams.core.context import Context
from streams.core.messages import Sent
from streams.core.profile import Fragment, Profile
from streams.core.segments import evaluate
from streams.core.segments.folding import is_behind, refold


def bring_up_to_date(context: Context, profile: Profile, at: int, cause: str = "definition") -> list[Sent]:
    """What the definitions in force change for this profile at `at`; nothing while a hand-over is open."""
    if profile.handovers:
        return []
    sends: list[Sent] = []
    if rebuild(context, profile):
        sends += bounds.curtailed(context, profile, at)
    crossings = evaluate.evaluate_all(context.plan, profile, at)
    merging.conclude(profile)
    sends += campaigns.take_answers(context, profile, at)
    profile.edition = context.edition
    profile.now = at
    context.tables.profiles.put(profile.key, profile)
    expiry.watch(context, profile)
    retention.redefined(context, profile)
    history.redefined(context, profile)
    sends += telling.tell(context, profile, crossings, cause, at) if crossings else []
    return sends + campaigns.catch_up(context, profile, at)


def rebuild(context: Context, profile: Profile) -> bool:
    """Fold leaves that a fragment has never heard of from its events; if it lacks none, no event is read. True if the
    profile may have become too large by it (`bounds`)."""
    behind = [fragment for fragment in profile.fragments.values() if is_behind(context.plan, fragment)]
    if not behind:
        return False
    entries = [] if _knows_all(context, behind) else context.tables.timeline.entries(profile.key)
    context.rebuilt["profiles"] += bool(entries)
    context.rebuilt["events"] += len(entries)
    is_large = False
    for fragment in behind:
        events = [context.reread(entry) for entry in entries if entry.fragment == fragment.key]
        context.rebuilt["leaves"] += refold(context.plan, fragment, events)
        for event in events:
            is_large = bounds.add(context, profile, event)
    return is_large


def _knows_all(context: Context, behind: list[Fragment]) -> bool:
    """Whether these fragments were complete under definitions that asked for everything that the present ones ask for."""
    former, wanted = context.former, context.plan.sources.keys()
    return former is not None and wanted <= former.sources.keys() and all(
        fragment.plan == former.source_set for fragment in behind)
