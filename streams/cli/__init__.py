"""The command `audience`: one module a command group, each adding its parsers and naming what they call.

Errors go to stderr as sentences; exit 1 for a failure, 2 for wrong use. What a command needs beyond the standard
library is imported when it runs, so that `--help` answers at once.
"""
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from errno import EDQUOT, EIO, ENOSPC
from io import TextIOWrapper

from streams.cli import (
    backtest,
    button,
    campaign,
    collect,
    dead_letters,
    definitions,
    deliver,
    demo,
    feed,
    feedback,
    identity,
    inspect,
    operate,
    replay,
    serve,
)
from streams.cli.printing import printable_lines
from streams.core.errors import AudienceError
from streams.release import release

GROUPS = (demo, operate, collect, replay, backtest, definitions, button, campaign, inspect, identity, dead_letters, deliver,
          feedback, serve, feed)


def parser() -> argparse.ArgumentParser:
    """All commands, as documented in the README (a test compares)."""
    root = argparse.ArgumentParser(
        prog="audience", description="A customer-data pipeline on Kafka. To begin: audience demo",
        epilog="audience COMMAND --help tells the arguments of a command.")
    root.add_argument("--version", action="version", version=f"audience-streams {release()}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_to(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8, half a surrogate pair
    options = parser().parse_args(argv)
    try:
        code = int(options.run(options) or 0)
        sys.stdout.flush()
        return code
    except AudienceError as fault:
        said = printable_lines(str(fault))
    except ValueError as fault:
        said = _unreadable(fault)
    except BrokenPipeError:
        _drop_output()
        return 1
    except OSError as fault:
        if fault.filename is not None:
            said = f"{fault.filename}: {fault.strerror}; name another path, or mend this one"
        elif fault.errno in (ENOSPC, EDQUOT, EIO):
            _drop_output()
            said = f"{fault.strerror}; is the disk full, that of what the output goes to?"
        else:
            raise
    except KeyboardInterrupt:
        return 130
    print(f"{options.called}: {said}", file=sys.stderr)
    return 1


def _unreadable(fault: ValueError) -> str:
    """What is wrong with a record. Raises `fault` where it is about something else."""
    from schemas.errors import Fault, Undecodable

    if not isinstance(fault, Undecodable):
        raise fault
    if fault.fault is Fault.UNKNOWN_SCHEMA_ID:
        return ("what stands on Kafka names schemas by a registry's ids; set AUDIENCE_REGISTRY to the registry that the "
                "workers use")
    return f"a record on Kafka is not readable: {fault}"


def _drop_output() -> None:
    """What is still buffered goes nowhere: Python would try once more when it ends, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
