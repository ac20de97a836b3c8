"""`audience demo`: everything on one machine, in about a minute."""
from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from streams.cli.arguments import command, folder_to_write, positive, seconds


def add_to(commands: Any) -> None:
    parser = command(commands, "demo", run, "Run a broker, workers, a simulated shop and a live view, and check it all.")
    parser.add_argument("--events", type=positive, default=20_000, metavar="N", help="messages of the shop (default: 20000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed is another shop")
    parser.add_argument("--seconds", type=_playing, default=35.0, metavar="S", help="how long the shop plays (default: 35)")
    parser.add_argument("--workers", type=positive, default=2, metavar="N", help="worker processes (default: 2)")
    parser.add_argument("--auto", action="store_true", help="press the campaign's button half-way, without a person")
    parser.add_argument("--keep", action="store_true", help="leave everything running, with the web status")
    parser.add_argument("--broker", metavar="HOST:PORT", help="a Kafka that runs already (default: an embedded one)")
    parser.add_argument("--folder", type=folder_to_write, metavar="DIR",
                        help="where broker and workers keep their data (default: a temporary one)")


def _playing(text: str) -> float:
    """The shop of a moment would have all its visits at once."""
    found = seconds(text)
    if found < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds, 1 or more")
    return found


def run(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="audience-demo-", ignore_cleanup_errors=True) as temporary:
        return _run(options, options.folder or Path(temporary))


def _run(options: argparse.Namespace, folder: Path) -> int:
    from rich.console import Console

    from streams.demo.play import Demo, Script

    script = Script(
        events=options.events, seed=options.seed, seconds=options.seconds, workers=options.workers,
        is_auto=options.auto, is_kept=options.keep, is_alone=options.broker is None and options.folder is None,
        broker=options.broker, folder=folder)
    folder.mkdir(parents=True, exist_ok=True)
    is_right = Demo(script, dict(os.environ), Console(file=sys.stdout)).run()
    return 0 if is_right else 1
