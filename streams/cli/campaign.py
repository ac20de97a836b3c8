"""`audience campaign explain` and `preview`: what a campaign means for one person; `progress` is in `button`."""
from __future__ import annotations

import argparse
import json
from typing import Any

from streams.cli import button
from streams.cli.arguments import command, group, with_broker, with_identifier, with_json
from streams.cli.printing import printable, printable_lines
from streams.core.errors import Misconfigured, Rejected
from streams.core.values import iso, iso_or_none
from streams.runtime.clock import wall_ms


def add_to(commands: Any) -> None:
    campaigns = group(commands, "campaign", "What a campaign means for one person, and how far a press of its button is.")
    button.add_progress_to(campaigns)
    for name, run, summary in (
        ("explain", explain_campaign, "Why somebody got a message or did not, and what would prevent one now."),
        ("preview", preview_campaign, "What somebody would be sent now, without an event; nothing is sent."),
    ):
        parser = command(campaigns, name, run, summary, "win-back-carts --profile cookie:c1")
        parser.add_argument("campaign", metavar="ID", help="of a campaign")
        with_identifier(parser, "--profile", required=True, help="any identifier of the person")
        with_json(parser)
        with_broker(parser)


def explain_campaign(options: argparse.Namespace) -> int:
    from streams.core.campaigns.explaining import explain

    _, profile, campaign = _found(options)
    answers = list(explain(profile, campaign, _now(profile)))
    if options.json:
        rows = [{"channel": each.channel, "says": each.says, "at": iso_or_none(each.at)} for each in answers]
        print(json.dumps(rows, indent=2))
        return 0
    for each in answers:
        print(printable(f"{each.channel}: {each.says}" + (f" ({iso(each.at)})" if each.at is not None else "")))
    return 0


def preview_campaign(options: argparse.Namespace) -> int:
    from streams.core.campaigns.content import content
    from streams.core.campaigns.variants import channels_of

    task, profile, campaign = _found(options)
    at = _now(profile)
    try:
        said = {channel.name: content(task.context, profile, channel, None, at)
                for channel in channels_of(profile, campaign)}
    except Rejected as fault:
        raise Misconfigured((f"campaign {campaign.id}: {fault.reason} for this person; mend the template",)) from None
    if options.json:
        print(json.dumps(said, indent=2))
        return 0
    for name, fields in said.items():
        print(name)
        for field, text in fields.items():
            print(printable_lines(f"  {field}: {text}"))
    return 0


def _found(options: argparse.Namespace) -> Any:
    """The task and the profile of the person, and the campaign in force there."""
    from streams.cli.inspect import find
    from streams.definitions.faults import no_such

    task, profile = find(options, options.profile)
    defined = {campaign.id: campaign for campaign in task.context.plan.definitions.campaigns}
    if options.campaign not in defined:
        raise Misconfigured((no_such("campaign", options.campaign, defined),))
    return task, profile, defined[options.campaign]


def _now(profile: Any) -> int:
    return max(int(profile.now), wall_ms())
