"""What the commands that listen on a port share: `collect`, `deliver`, `feedback`, `serve`."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from streams.cli.arguments import environment, port, positive, with_broker
from streams.runtime.settings import Settings

if TYPE_CHECKING:
    from streams.runtime.beside.listening import Address


def with_address(parser: argparse.ArgumentParser, number: int, trusted: str) -> None:
    """The address, how many it takes, and the broker. trusted: what stands between it and whoever can reach it."""
    parser.add_argument("--host", default="127.0.0.1", help=f"address to listen on (default: 127.0.0.1); {trusted}")
    parser.add_argument("--port", type=port, default=number, help=f"port to listen on (default: {number})")
    parser.add_argument("--connections", type=positive, default=1_000, metavar="N",
                        help="how many are kept open (default: 1000), and at most half of the limit of open files")
    with_broker(parser)


def begin(settings: Settings, options: argparse.Namespace) -> Address:
    """Checks broker and topics (Misconfigured) and begins the log. The address that the command line names."""
    from streams.runtime.kafka.topics import check_topics
    from streams.runtime.logs import begin_log

    check_topics(settings)
    begin_log(environment(options))
    return address_of(options)


def address_of(options: argparse.Namespace) -> Address:
    from streams.runtime.beside.listening import Address

    return Address(host=options.host, port=options.port, connections=options.connections)
