"""`audience profile show`, `profile export` and `segment explain`: one person, looked at from outside."""
from __future__ import annotations

import argparse
import json
from typing import Any

from streams.cli import privacy, segments
from streams.cli.arguments import command, folder, group, number, settings_of, with_broker, with_identifier, with_json
from streams.cli.printing import printed
from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms


def add_to(commands: Any) -> None:
    profile = group(commands, "profile", "One person: look at, export, erase, suppress.")
    show = command(profile, "show", show_profile, "All that is known of a person.")
    with_identifier(show, "identifier", help="for example cookie:c1 or email:jane@example.com")
    show.add_argument("--events", type=number, default=10, metavar="N", help="how many of the latest events (default: 10)")
    with_json(show)
    with_broker(show)
    export = command(profile, "export", export_profile, "Everything known of a person, as JSON, with sources and events.")
    with_identifier(export, "identifier", help="any identifier of the person")
    export.add_argument("--record", action="store_true", help="put the export on record: a request on "
                        "privacy.requests, whose receipt is printed on stderr")
    with_broker(export)
    privacy.add_to(profile)
    segment = group(commands, "segment", "Segments: list, preview, explain, take back.")
    segments.add_to(segment)
    explain = command(segment, "explain", explain_segment, "Why a person is in a segment, or is not; what one costs.",
                      "cart-abandoners --profile cookie:c1")
    explain.add_argument("segment", metavar="ID", help="of a segment; with --cost also a file of definitions")
    about = explain.add_mutually_exclusive_group(required=True)
    with_identifier(about, "--profile", help="any identifier of the person")
    about.add_argument("--cost", action="store_true", help="what it keeps at most, what touches it, which segments share it")
    explain.add_argument("--definitions", type=folder, metavar="DIR",
                         help="with --cost: the definitions around it (default: those that stand on the broker)")
    with_json(explain)
    with_broker(explain)


def show_profile(options: argparse.Namespace) -> int:
    from streams.cli.portraits import readable
    from streams.task.portrait import portrait

    task, profile = find(options, options.identifier)
    entries = task.state.timeline.entries(profile.key)
    found = portrait(task.context.plan, profile, entries, task.context.reread, max(profile.now, wall_ms()), options.events)
    print(json.dumps(found, indent=2, sort_keys=True) if options.json else printed(readable(found)))
    return 0


def export_profile(options: argparse.Namespace) -> int:
    from streams.runtime.kafka.registry import codec_of
    from streams.task.export import everything

    task, profile = find(options, options.identifier)
    entries = task.state.timeline.entries(profile.key)
    read = codec_of(settings_of(options)).decode_event
    found = everything(task.context.plan, profile, entries, read, max(profile.now, wall_ms()))
    print(json.dumps(found, indent=2))
    return privacy.put_on_record(options, "export") if options.record else 0


def explain_segment(options: argparse.Namespace) -> int:
    from streams.cli.costs import explain_cost
    from streams.cli.trees import as_json, as_text
    from streams.core.segments.explain import explain
    from streams.definitions.faults import no_such

    if options.cost:
        return explain_cost(options)
    task, profile = find(options, options.profile)
    if options.segment not in task.context.plan.segments:
        raise Misconfigured((no_such("segment", options.segment, task.context.plan.segments),))
    tree = explain(task.context.plan, profile, options.segment, max(profile.now, wall_ms()))
    print(json.dumps(as_json(tree), indent=2) if options.json else as_text(tree))
    return 0


def find(options: argparse.Namespace, whose: str) -> Any:
    """The task and the profile of whoever has the identifier. Misconfigured if nobody has."""
    from streams.runtime.outside.state_reader import StateReader

    found = StateReader(settings_of(options)).find(whose)
    if found is None:
        raise Misconfigured((f"nobody has this {whose.partition(':')[0]} identifier; see that it is complete (a phone "
                             "number with its country, +31…)",))
    return found
