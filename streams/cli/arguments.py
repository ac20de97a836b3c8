"""Arguments that several commands share, and how their texts are read."""
from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streams.core.errors import Rejected
from streams.core.intake import read_instant
from streams.runtime.settings import Settings

Run = Callable[[argparse.Namespace], int | None]
WITHIN = 30.0
"""Seconds that the workers have to answer, unless a command or the command line says otherwise."""


def command(commands: Any, name: str, run: Run, summary: str, example: str = "") -> argparse.ArgumentParser:
    """A subcommand that calls `run`. example: arguments that it may be given."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run, called=parser.prog)
    parser.epilog = f"example: {parser.prog} {example}" if example else None
    return parser


def group(commands: Any, name: str, summary: str) -> Any:
    """A word before subcommands, as in `audience segment explain`."""
    parser = commands.add_parser(name, help=summary, description=summary)
    return parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")


def with_broker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--broker", metavar="HOST:PORT", help="a Kafka broker (default: that of AUDIENCE_BROKER)")


def with_patience(parser: argparse.ArgumentParser, within: float = WITHIN) -> None:
    """For commands that ask the workers: how many seconds these have to answer."""
    parser.add_argument("--within", type=seconds, default=within, metavar="SECONDS",
                        help=f"how long to wait for the workers (default: {within:.0f})")
    with_broker(parser)


def with_json(parser: argparse.ArgumentParser, of: str = "as JSON") -> None:
    parser.add_argument("--json", action="store_true", help=of)


def with_identifier(parser: argparse._ActionsContainer, name: str, **how: Any) -> None:
    """An argument that is an identifier, read by `identifier`."""
    parser.add_argument(name, type=identifier, metavar="NAMESPACE:VALUE", **how)


def environment(options: argparse.Namespace) -> dict[str, str]:
    """The settings' variables; what the command line says takes their place."""
    found = dict(os.environ)
    if getattr(options, "broker", None):
        found["AUDIENCE_BROKER"] = options.broker
    return found


def settings_of(options: argparse.Namespace) -> Settings:
    """Raises Misconfigured with all that is wrong with them."""
    return Settings.read(environment(options))


def identifier(text: str) -> str:
    """NAMESPACE:VALUE as the pipeline writes it."""
    from streams.definitions.members import meant

    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise argparse.ArgumentTypeError(f"{text!r} is not UTF-8; expected NAMESPACE:VALUE, for example cookie:c1")
    if not all(text.partition(":")[::2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no identifier; expected NAMESPACE:VALUE, for example cookie:c1")
    return meant(text)


def moment(text: str) -> int:
    """A time on the command line: ISO 8601 or epoch milliseconds."""
    try:
        return read_instant(int(text) if text.lstrip("-").isdigit() else text, "TIME")
    except Rejected as fault:
        raise argparse.ArgumentTypeError(f"{text!r}: {fault.reason}") from None


def _above_zero(below: float, expected: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = 0.0
        if not 0 < found < below:
            raise argparse.ArgumentTypeError(f"{text!r}: expected {expected}")
        return found

    return read


def _whole(least: int, most: int | None, expected: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            raise argparse.ArgumentTypeError(f"{text!r}: expected {expected}")
        return int(text)

    return read


seconds = _above_zero(86_400, "a number of seconds above 0, for example 30")
rate = _above_zero(1e9, "a number above 0, for example 500")
number = _whole(0, None, "a whole number, 0 or more")
positive = _whole(1, None, "a whole number, 1 or more")
partitions = _whole(1, 1_024, "a number of partitions, 1 to 1024")
port = _whole(0, 65_535, "a port, 0 to 65535")


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


def folder_to_write(text: str) -> Path:
    """A folder that is there or can be made."""
    return folder(text) if _exists(text) else Path(text)


def _existing(text: str) -> Path:
    if not _exists(text):
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return Path(text)


def _exists(text: str) -> bool:
    try:
        Path(text).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as fault:  # a name too long, a folder on the way that is closed
        raise argparse.ArgumentTypeError(f"{text} cannot be looked at: {fault.strerror}") from None
    return True


def switch(text: str) -> tuple[int, Path]:
    """TIME=DIR."""
    at, found, where = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: expected TIME=DIR, for example 2026-03-01T12:00:00Z=definitions")
    return moment(at), folder(where)
