"""The command `audience`: one module a command group, each adding its parsers and naming what they call.

Errors go to stderr as sentences; exit 1 for a failure, 2 for wrong use. What a command needs beyond the standard
library is imported when it runs, so that `--help` answers at once.
"""
from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

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
    root = argparse.ArgumentParser(prog="audience", description="A customer-data pipeline on Kafka.")
    root.add_argument("--version", action="version", version=f"audience-streams {release()}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in GROUPS:
        group.add_to(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = parser().parse_args(argv)
    try:
        return int(options.run(options) or 0)
    except AudienceError as fault:
        print(f"audience {options.command}: {printable_lines(str(fault))}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as fault:
        if fault.filename is None:
            raise
        print(f"audience {options.command}: {fault.filename}: {fault.strerror}; name another path, or mend this one",
              file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
