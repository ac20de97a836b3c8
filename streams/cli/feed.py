"""`audience feed export`: memberships as files, full or since the last export."""
from __future__ import annotations

import argparse
import sys
from typing import Any

from streams.cli.arguments import command, folder_to_write, group, settings_of, with_broker


def add_to(commands: Any) -> None:
    feed = group(commands, "feed", "Memberships as files, for platforms that take uploads.")
    export = command(feed, "export", run, "Write a full file first, then what changed since the last export.",
                     "feed --format csv")
    export.add_argument("folder", type=folder_to_write, metavar="DIR", help="one feed: its files, and position.json")
    export.add_argument("--format", choices=("jsonl", "csv", "parquet"), default="jsonl",
                        help="of the files (default: jsonl)")
    export.add_argument("--full", action="store_true", help="everything again, whatever was exported before")
    with_broker(export)


def run(options: argparse.Namespace) -> int:
    from streams.runtime.exits import Exit, Stop

    settings = settings_of(options)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        _export(settings, options)
    except OSError as failure:
        raise Stop(Exit.DISK, f"The feed in {options.folder} could not be written: {failure.strerror}. Is the disk full, "
                   "the folder writable? The next export begins where the last complete one ended") from failure
    return 0


def _export(settings: Any, options: argparse.Namespace) -> None:
    from streams.runtime.clock import wall_ms
    from streams.runtime.kafka.names import Names
    from streams.runtime.memberships.feed import changes
    from streams.runtime.memberships.store import USABLE_FOR_MS
    from streams.serve.feed import Note, write

    note, wall, topic = Note.read(options.folder), wall_ms(), Names(settings).on_cluster("audiences.memberships")
    is_usable = note.topic == topic and wall - note.at <= USABLE_FOR_MS and not options.full
    begin = note.positions if is_usable else {}
    with changes(settings, options.folder / ".reading", begin, note.topic_id, wall=wall) as found:
        number, kind = note.number + 1, "full" if found.is_full else "delta"
        path = options.folder / f"memberships-{number:06}-{kind}.{options.format}"
        count = write(path, found.rows)
        Note(number=number, topic=topic, topic_id=found.topic_id, at=wall,
             positions=found.positions).write(options.folder)
    print(path)
    print(f"{count:,} identifiers, {found.rejected} records skipped that could not be decoded", file=sys.stderr)
