"""Arguments that several commands share, and how their texts are read."""
from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streams.core.errors import Rejected
from streams.core.intake import instant

Run = Callable[[argparse.Namespace], int | None]


def command(commands: Any, name: str, run: Run, summary: str) -> argparse.ArgumentParser:
    """A subcommand that calls `run`."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    return parser


def group(commands: Any, name: str, summary: str) -> Any:
    """A word before subcommands, as in `audience segment explain`."""
    parser = commands.add_parser(name, help=summary, description=summary)
    return parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")


def with_broker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--broker", help="address of a Kafka broker, host:port (default: AUDIENCE_BROKER)")


def environment(options: argparse.Namespace) -> dict[str, str]:
    """The settings' variables, with what the command line says in their place."""
    found = dict(os.environ)
    if getattr(options, "broker", None):
        found["AUDIENCE_BROKER"] = options.broker
    return found


def moment(text: str) -> int:
    """A time on the command line: ISO 8601 or epoch milliseconds."""
    try:
        return instant(int(text) if text.lstrip("-").isdigit() else text, "TIME")
    except Rejected as fault:
        raise argparse.ArgumentTypeError(f"{text!r}: {fault.reason}") from None


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 86_400:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds above 0, for example 30")
    return found


def number(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 0 or more")
    return int(text)


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)


def port(text: str) -> int:
    """A TCP port; 0 for any that is free."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a port, 0 to 65535")
    return int(text)


def rate(text: str) -> float:
    """A positive number a second."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0, for example 500")
    return found


def file(text: str) -> Path:
    """A file that is there, a pipe too."""
    path = _existing(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder; expected a file")
    return path


def folder(text: str) -> Path:
    """A folder that is there."""
    path = _existing(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a file; expected a folder")
    return path


def _existing(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return path


def switch(text: str) -> tuple[int, Path]:
    """TIME=DIR."""
    at, found, where = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: expected TIME=DIR, for example 2026-03-01T12:00:00Z=definitions")
    return moment(at), folder(where)
