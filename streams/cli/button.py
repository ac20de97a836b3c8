"""`audience activate`, `pause` and `campaign progress`: the button of a campaign, and how far a press of it is."""
from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, rate, settings_of, with_broker, with_json, with_patience
from streams.cli.printing import complain
from streams.cli.progress import CLEARED

if TYPE_CHECKING:
    from streams.runtime.outside.button import PressProgress
    from streams.runtime.settings import Settings

WITHIN = 10.0
LOOK_EVERY = 1.0


def add_to(commands: Any) -> None:
    activate = command(
        commands, "activate", press, "Press the button: everyone in the segment now, once, and every change from now on.",
        "win-back-carts --per-second 100")
    activate.add_argument("campaign", metavar="ID", help="of a campaign")
    activate.add_argument("--per-second", type=rate, metavar="N", help="at most so many people a second, also for a press "
                          "under way (default: as fast as the pipeline goes)")
    activate.add_argument("--no-wait", action="store_true", help="do not stay to show how far it is")
    _with_progress(activate)
    stop = command(commands, "pause", pause, "Stop a campaign, also in the middle of a press; nobody is sent anything.")
    stop.add_argument("campaign", metavar="ID", help="of a campaign")
    with_broker(stop)


def add_progress_to(campaigns: Any) -> None:
    """The command under the word `campaign`."""
    parser = command(campaigns, "progress", tell_progress, "How far the last press of the button is.")
    parser.add_argument("campaign", metavar="ID", help="of a campaign")
    _with_progress(parser)


def press(options: argparse.Namespace) -> int:
    from streams.runtime.outside.button import press_button

    settings = settings_of(options)
    is_new = press_button(settings, options.campaign, options.per_second)
    print(f"{options.campaign} is live" + ("" if is_new else " already"), file=sys.stderr)
    return 0 if options.no_wait else _follow(options, settings)


def pause(options: argparse.Namespace) -> int:
    from streams.runtime.outside.button import pause

    is_new = pause(settings_of(options), options.campaign)
    print(f"{options.campaign} is paused" + ("" if is_new else " already"), file=sys.stderr)
    return 0


def tell_progress(options: argparse.Namespace) -> int:
    from streams.runtime.outside.button import ask_progress

    settings = settings_of(options)
    found = ask_progress(settings, options.campaign, options.within)
    print(json.dumps(asdict(found)) if options.json else sentence(found))
    return complain("" if found.is_over or not found.silent else (
        f"{found.silent} of {settings.partitions} tasks said nothing of this press in time, so the numbers are not all; see "
        f"that workers run as AUDIENCE_APP={settings.app}, or wait longer with --within SECONDS"))


def sentence(found: PressProgress) -> str:
    """How far it is, for people."""
    state = "over" if found.is_over else "stopped" if found.state != "live" else "running"
    silent = f", {found.silent} tasks have not answered" if found.silent and not found.is_over else ""
    return (f"{found.campaign}: {found.reached:,} of {found.present:,} people reached, {found.activated:,} activated, "
            f"{state}{silent}")


def _follow(options: argparse.Namespace, settings: Settings) -> int:
    """Until the press is over, somebody pauses the campaign, or no worker answers: it is carried out all the same."""
    from streams.runtime.outside.button import ask_progress

    is_terminal = sys.stderr.isatty()
    while True:
        found = ask_progress(settings, options.campaign, options.within)
        if is_terminal:
            print(f"{CLEARED}{sentence(found)}", end="", file=sys.stderr, flush=True)
        if found.is_over or found.state != "live" or found.silent == settings.partitions:
            break
        time.sleep(LOOK_EVERY)
    print(CLEARED * is_terminal + sentence(found), file=sys.stderr)
    if found.silent == settings.partitions and not found.is_over:
        print(f"no worker has begun within {options.within:.0f} s; it is done when one runs, see "
              f"`audience campaign progress {options.campaign}`", file=sys.stderr)
    if options.json:
        print(json.dumps(asdict(found)))
    return 0


def _with_progress(parser: argparse.ArgumentParser) -> None:
    with_json(parser, "how far it is, as JSON")
    with_patience(parser, WITHIN)
