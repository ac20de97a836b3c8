"""`audience feedback`: takes bounces, complaints, unsubscribes and STOP, and has their addresses suppressed."""
from __future__ import annotations

import argparse
from typing import Any

from streams.cli.arguments import command, environment, folder, port, with_broker
from streams.cli.listening import begin


def add_to(commands: Any) -> None:
    parser = command(commands, "feedback", run, "Take bounces, complaints and unsubscribes; suppress those addresses.")
    parser.add_argument("--host", default="127.0.0.1", help="address; every route proves its caller, TLS is a proxy's")
    parser.add_argument("--port", type=port, default=6091, help="to listen on (default: 6091)")
    parser.add_argument("--mailbox", action="append", type=folder, default=[], metavar="DIR",
                        help="a maildir that bounces come into; may be repeated")
    with_broker(parser)


def run(options: argparse.Namespace) -> int:
    import asyncio

    from streams.runtime.beside.feedback import take_feedback
    from streams.runtime.settings import Settings

    variables = environment(options)
    settings = Settings.read(variables)
    asyncio.run(take_feedback(settings, variables, begin(settings, options), options.mailbox))
    return 0
