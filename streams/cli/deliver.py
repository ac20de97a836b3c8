"""`audience deliver`: runs the destinations that the definitions name."""
from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, environment, seconds
from streams.cli.connectors import ready
from streams.cli.listening import begin, with_address
from streams.core.errors import Misconfigured

if TYPE_CHECKING:
    from streams.runtime.beside.destinations import Roster, Running


def add_to(commands: Any) -> None:
    parser = command(commands, "deliver", run, "Deliver activations to the destinations in force, and follow `apply`.")
    parser.add_argument("--only", action="append", metavar="ID", help="run this destination alone; may be repeated")
    parser.add_argument("--grace", type=seconds, default=20.0, metavar="SECONDS",
                        help="told to end, take so long to finish calls and write them down; what is not by then is "
                             "delivered again. A supervisor should wait for ten seconds more (default: 20)")
    with_address(parser, 6090, "nobody is authenticated: keep it on loopback or behind a proxy")


def run(options: argparse.Namespace) -> int:
    import asyncio

    from streams.runtime.beside.deliver import deliver
    from streams.runtime.settings import Settings

    variables = environment(options)
    settings = Settings.read(variables)
    address = begin(settings, options)
    asyncio.run(deliver(settings, lambda documents: roster_of(documents, options.only, variables), address,
                        options.grace))
    return 0


def roster_of(documents: Mapping[str, Any], only: Sequence[str] | None, variables: Mapping[str, str]) -> Roster:
    """Which of the destinations in `documents` (by `destination/id`) are to run, and the faults of those that cannot."""
    from streams.definitions import build
    from streams.definitions.faults import no_such
    from streams.runtime.beside.destinations import Roster

    known = {each.id: each for each in build(documents, 0, {}).destinations}
    running: dict[str, Running] = {}
    faults: dict[str, tuple[str, ...]] = {
        name: (f"{no_such('destination', name, known)}; `audience apply` puts them in force",)
        for name in only or () if name not in known}
    for name in (each for each in known if not only or each in only):
        try:
            running[name] = ready(known[name], variables)
        except Misconfigured as fault:
            faults[name] = fault.faults
    return Roster(running=running, faults=faults)
