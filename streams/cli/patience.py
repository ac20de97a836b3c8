"""What all commands share that ask the workers: how long they wait, and how they say what they did not get."""
from __future__ import annotations

import argparse
import sys

from streams.cli.arguments import seconds, with_broker

WITHIN = 30.0


def with_patience(parser: argparse.ArgumentParser, within: float = WITHIN) -> None:
    """For commands that ask the workers: how many seconds these have to answer."""
    parser.add_argument("--within", type=seconds, default=within, metavar="SECONDS",
                        help=f"how long to wait for the workers (default: {within:.0f})")
    with_broker(parser)


def complain(sentence: str) -> int:
    """Say why the answer is not complete, if it is not. Returns the exit code."""
    if sentence:
        print(f"audience: {sentence}", file=sys.stderr)
    return 1 if sentence else 0
