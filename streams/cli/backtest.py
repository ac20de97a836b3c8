"""`audience backtest`."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, file, folder, folder_to_write, moment, partitions, switch
from streams.cli.printing import printable
from streams.cli.progress import counted

if TYPE_CHECKING:
    from streams.core.definitions import Definitions


def add_to(commands: Any) -> None:
    parser = command(commands, "backtest", run, "Run events through the pipeline in process, on virtual time.",
                     "events.jsonl --definitions shop --output out")
    parser.add_argument("events", nargs="+", type=file, metavar="EVENTS", help="JSON Lines (.gz too), CSV or Parquet")
    parser.add_argument("--definitions", type=folder, required=True, metavar="DIR", help="folder of definitions")
    parser.add_argument("--definitions-at", type=switch, action="append", default=[], metavar="TIME=DIR",
                        help="switch to these definitions at TIME; may be repeated")
    parser.add_argument("--output", type=folder_to_write, required=True, metavar="DIR", help="folder to write into")
    parser.add_argument("--mapping", type=file, metavar="FILE", help="how rows of CSV or Parquet become messages")
    parser.add_argument("--until", type=moment, metavar="TIME", help="let the clock run on to TIME after the last event")
    parser.add_argument("--as-given", action="store_true", help="take events in the order of the files, not by time")
    parser.add_argument("--partitions", type=partitions, default=1, metavar="N", help="tasks side by side; same result")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="shuffles the turns of tasks; same result")


def run(options: argparse.Namespace) -> int:
    from streams import backtest
    from streams.pipeline import Pipeline

    switches = _switches(options)
    options.output.mkdir(parents=True, exist_ok=True)
    pipeline = Pipeline(switches[0].definitions, partitions=options.partitions, seed=options.seed)
    unread: list[backtest.Line] = []
    lines = counted(_lines(options, unread), "lines read")
    timed = counted(backtest.in_order(lines, is_as_given=options.as_given), "events")
    summary = backtest.run(pipeline, timed, switches[1:], options.until)
    summary["rejected"] += len(unread)
    backtest.write(pipeline, summary, unread, options.output, options.events)
    print(f"{summary['events']} events, {summary['profiles']} profiles, {summary['memberships']} membership changes, "
          f"{summary['activations']} activations, {summary['rejected']} rejected "
          f"in {summary['seconds']} s; written to {options.output}", file=sys.stderr)
    if summary["rejected"] and not summary["profiles"] and not summary["identity"]:
        hint = "" if options.mapping else (". JSON is read a line at a time, an object each: of an array, `jq -c '.[]'` "
                                           "makes such lines")
        print(f"no message was accepted; why is in {options.output / 'rejected.jsonl'}{hint}", file=sys.stderr)
    if summary["profiles_ended"]:
        print(f"{summary['profiles_ended']} profiles ended, because nothing came of them for as long as",
              "`known_expire_after` or `anonymous_expire_after` of a definition `identity` say. Their events are in no",
              "profile; to keep them, say `never`", file=sys.stderr)
    for reason, messages in summary["consent_faults"].items():
        print(f"consent of {messages} messages could not be read, so it permits nothing: {printable(reason)}",
              file=sys.stderr)
    return 0


def _switches(options: argparse.Namespace) -> list[Any]:
    """The definitions to begin with, then those of `--definitions-at`: all are read before the first event, and what is
    wrong is said of all at once."""
    from streams.backtest import Switch, for_ever
    from streams.core.errors import Misconfigured
    from streams.definitions import without_definitions

    found, faults = [], list[str]()
    for at, path in [(0, options.definitions), *options.definitions_at]:
        if options.output.resolve().is_relative_to(path.resolve()):
            faults.append(f"--output {options.output} is in the folder of definitions {path}, where the next one would read "
                          "it; expected another folder")
            continue
        try:
            definitions = _load(path)
            found.append(Switch(at=at, definitions=for_ever(definitions)))
            if not definitions.sources:
                print(without_definitions(path), file=sys.stderr)
        except Misconfigured as fault:
            faults += fault.faults
    if faults:
        raise Misconfigured(tuple(faults))
    return found


def _load(path: Path) -> Definitions:
    """Settings that only a delivery needs are told, and the run goes on: nothing is delivered here. If anything else is
    wrong, all of it is refused."""
    from streams.cli.destinations import faults_of
    from streams.core.errors import Misconfigured
    from streams.definitions import load_folder

    try:
        return load_folder(path, faults_of)
    except Misconfigured as refused:
        try:
            definitions = load_folder(path, lambda document, noted: [
                fault for fault in faults_of(document, noted) if fault.steps[0] != "settings"])
        except Misconfigured:
            raise refused from None
        print("with these settings nothing could be delivered, which a backtest does not do:", *refused.faults, sep="\n",
              file=sys.stderr)
        return definitions


def _lines(options: argparse.Namespace, unread: list[Any]) -> Iterator[Any]:
    from connectors.sources.files import load, read
    from streams.backtest import Line

    mapping = load(options.mapping) if options.mapping else None
    for place, path in enumerate(options.events):
        for row in read(path, mapping):
            line = Line(number=row.line, raw=row.raw, reason=row.reason, file=place)
            if line.reason is None:
                yield line
            else:
                unread.append(line)
