"""`audience replay`: events from files onto the topics, as if they happened to arrive now."""
from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from streams.cli.arguments import command, file, rate, settings_of, with_broker
from streams.cli.printing import printable
from streams.cli.progress import counted
from streams.runtime.clock import wall_ms


def add_to(commands: Any) -> None:
    parser = command(commands, "replay", run, "Put events from files on the event topics, received now.",
                     "events.jsonl --per-second 100")
    parser.add_argument("events", nargs="+", type=file, metavar="FILE", help="JSON Lines (.gz too), CSV or Parquet")
    parser.add_argument("--mapping", type=file, metavar="FILE", help="how rows of CSV or Parquet become messages")
    parser.add_argument("--per-second", type=rate, metavar="N", help="a pace (default: as fast as the broker takes them)")
    parser.add_argument("--activate-old", action="store_true",
                        help="let events older than 24 hours trigger e-mail and SMS too")
    with_broker(parser)


def run(options: argparse.Namespace) -> int:
    from connectors.sources.files import load, read
    from streams.runtime.kafka.topics import check_topics
    from streams.runtime.outside.upstream import COPIES, Upstream
    from streams.topology import topic

    settings = settings_of(options)
    mapping = load(options.mapping) if options.mapping else None
    check_topics(settings)
    rows = ((path, row) for path in options.events for row in read(path, mapping))
    sent, unread, strange = 0, 0, 0
    began = time.monotonic()
    with Upstream(settings) as upstream:
        try:
            for path, row in counted(rows, "rows"):
                if row.reason is not None:
                    unread += 1
                    print(f"{path}:{row.line}: {printable(row.reason)}", file=sys.stderr)
                    continue
                _pace(options.per_second, sent, began)
                strange += not _send(upstream, row.raw, is_old_quiet=not options.activate_old)
                sent += 1
        except KeyboardInterrupt:
            print(f"interrupted after {sent} messages; give the command again to go on: it begins at the first row, and "
                  f"{COPIES}", file=sys.stderr)
            raise
    large = upstream.too_large
    seconds = time.monotonic() - began
    print(f"{sent - large} messages in {seconds:.1f} s ({sent / max(seconds, 0.001):,.0f} a second), {unread} rows not "
          f"readable, {large} larger than the topics take ({topic('events.hits').max_bytes:,} bytes, compressed)"
          + (f", {strange} no JSON objects: see dead-letters" if strange else ""), file=sys.stderr)
    return 1 if unread or large or strange else 0


def _send(upstream: Any, raw: bytes, *, is_old_quiet: bool) -> bool:
    """Whether it is a JSON object; what is none goes too, so that the pipeline says why it is no message."""
    import orjson

    from streams.runtime.outside.upstream import address
    from streams.task.reading import REPLAYED

    headers: list[Any] = [(REPLAYED, b"1")] if is_old_quiet else []
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        upstream.send("events.hits", None, raw, headers)
        return False
    if isinstance(message, dict):
        message["receivedAt"] = wall_ms()
        raw = orjson.dumps(message)
    topic, key = address(upstream.intake, message)
    upstream.send(topic, key.encode() if key else None, raw, headers)
    return isinstance(message, dict)


def _pace(per_second: float | None, sent: int, began: float) -> None:
    if per_second:
        ahead = began + sent / per_second - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
