"""`audience identity split`, `explain` and `report`: who is one person, why, and who breaks today's rules."""
from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streams.cli.arguments import command, folder, group, settings_of, with_broker, with_identifier, with_json
from streams.cli.printing import printable
from streams.cli.privacy import ask, with_answer
from streams.core.errors import Misconfigured
from streams.runtime.clock import wall_ms


def add_to(commands: Any) -> None:
    identity = group(commands, "identity", "Which identifiers are one person, and why.")
    split = command(
        identity, "split", ask, "Make some identifiers of a person a person of their own again, with all that is theirs.",
        "customer_id:u1 --identifiers cookie:c1 email:jane@example.com")
    with_identifier(split, "identifier", help="any identifier that stays, for example customer_id:u1")
    with_identifier(split, "--identifiers", required=True, nargs="+", help="those that leave")
    split.set_defaults(action="split")
    with_answer(split)
    explain = command(identity, "explain", explain_identity, "Every decision about who has an identifier, and the graph.")
    with_identifier(explain, "identifier", help="for example cookie:c1 or email:jane@example.com")
    explain.add_argument("--svg", type=Path, metavar="FILE", help="write the graph there, as a picture")
    with_json(explain)
    with_broker(explain)
    report = command(identity, "report", report_identity, "Profiles that break the identity rules.")
    report.add_argument("--definitions", type=folder, metavar="DIR", help="by the rules of this folder, before `apply`")
    with_json(report)
    with_broker(report)


def explain_identity(options: argparse.Namespace) -> int:
    from streams.cli.lineages import as_json, as_text
    from streams.core.lineage import trace
    from streams.runtime.outside.audit_log import identity_changes

    lineage = trace(identity_changes(settings_of(options)), options.identifier) or _undecided(options)
    if options.svg is not None:
        _draw(options.svg, lineage)
    print(json.dumps(as_json(lineage), indent=2) if options.json else as_text(lineage))
    return 0


def _undecided(options: argparse.Namespace) -> Any:
    """For an identifier about which nothing was decided. Misconfigured if nobody has it."""
    from streams.cli.inspect import find
    from streams.core.lineage import Lineage, Owner

    _, profile = find(options, options.identifier)
    print("the audit log has no decision about it: it has always been alone, or that was longer ago than the 90 days that "
          "the log is kept", file=sys.stderr)
    owner = Owner(profile_id=profile.profile_id, identifiers=tuple(sorted(profile.identifiers)))
    return Lineage(identifier=options.identifier, profile_id=profile.profile_id, changes=(), owners=(owner,), links=())


def report_identity(options: argparse.Namespace) -> int:
    from streams.core.identifiers import Namespaces
    from streams.definitions import load_folder
    from streams.runtime.outside.state_reader import StateReader
    from streams.task.breaches import breaches_of

    planned = load_folder(options.definitions) if options.definitions else None
    reader = StateReader(settings_of(options))
    context = reader.context()
    rules = Namespaces(planned.namespaces, planned.caps) if planned else context.namespaces
    found = breaches_of(reader.stores(), rules, context.profile_id, wall_ms())
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return 0
    for each in found:
        about = f": {', '.join(each.identifiers)}" if each.identifiers else ""
        print(printable(f"profile {each.profile_id}  {each.rule}, {each.found} where {each.allowed} are allowed{about}"))
    print(f"{len({each.profile_id for each in found})} profiles break the rules", file=sys.stderr)
    return 0


def _draw(path: Path, lineage: Any) -> None:
    from streams.web.lineage_svg import as_svg

    try:
        path.write_text(as_svg(lineage), encoding="utf-8")
    except OSError as fault:
        raise Misconfigured((f"{path} cannot be written: {fault.strerror}; name a file in a folder that exists",)) from None
    print(f"the graph is in {path}", file=sys.stderr)
