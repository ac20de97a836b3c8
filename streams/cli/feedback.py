"""`audience feedback`: takes bounces, complaints, unsubscribes and STOP, and has their addresses suppressed."""
from __future__ import annotations

import argparse
from typing import Any

from streams.cli.arguments import command, environment, folder
from streams.cli.listening import begin, with_address


def add_to(commands: Any) -> None:
    parser = command(commands, "feedback", run, "Take bounces, complaints and unsubscribes; suppress those addresses.")
    parser.add_argument("--mailbox", action="append", type=folder, default=[], metavar="DIR",
                        help="a maildir that bounces come into; may be repeated")
    with_address(parser, 6091, "callers are authenticated; TLS needs a proxy in front")


def run(options: argparse.Namespace) -> int:
    import asyncio

    from streams.runtime.beside.feedback import take_feedback
    from streams.runtime.settings import Settings

    variables = environment(options)
    settings = Settings.read(variables)
    asyncio.run(take_feedback(settings, variables, begin(settings, options), options.mailbox))
    return 0
