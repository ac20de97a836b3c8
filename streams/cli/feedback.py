"""`audience feedback`: takes bounces, complaints, unsubscribes and STOP, and has their addresses suppressed."""
from __future__ import annotations

import argparse
from typing import Any

from streams.cli.arguments import command, environment, folder, port, with_broker


def add_to(commands: Any) -> None:
    parser = command(commands, "feedback", run, "Take bounces, complaints and unsubscribes; suppress those addresses.")
    parser.add_argument("--host", default="127.0.0.1", help="address; every route proves its caller, TLS is a proxy's")
    parser.add_argument("--port", type=port, default=6091, help="to listen on (default: 6091)")
    parser.add_argument("--mailbox", action="append", type=folder, default=[], metavar="DIR",
                        help="a maildir that bounces come into; may be repeated")
    with_broker(parser)


def run(options: argparse.Namespace) -> int:
    import asyncio
    import logging.config

    from streams.runtime.delivering.feedback import take_feedback
    from streams.runtime.delivering.following import Address
    from streams.runtime.kafka.topics import check_topics
    from streams.runtime.logs import logging_config
    from streams.runtime.settings import Settings

    variables = environment(options)
    settings = Settings.read(variables)
    check_topics(settings)
    logging.config.dictConfig(logging_config())
    address = Address(host=options.host, port=options.port)
    asyncio.run(take_feedback(settings, variables, address, options.mailbox))
    return 0
