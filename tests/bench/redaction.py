"""What looking for an erased identifier costs: rows a second of CPU, in process, where hardly any row names it.

    python -m tests.bench.redaction [--people N]

Printed, never asserted.
"""
from __future__ import annotations

import argparse
import time
from typing import Any

from streams.task.redactions import Redactions
from streams.task.turns import Turn
from streams.testing import Pipeline
from tests.strategies import EVERYTHING, START


def hit(number: int) -> dict[str, Any]:
    return {"type": "track", "event": "Product Added", "messageId": f"m{number}", "timestamp": START,
            "anonymousId": f"c{number}", "context": {"consent": {"purposes": {"personalised-ads": True}}},
            "properties": {"value": 3, "sku": f"abc-{number}", "url": f"https://shop.example.org/p/{number}"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    options = parser.parse_args()
    pipeline = Pipeline(EVERYTHING, 1, start=START)
    for number in range(options.people):
        pipeline.send(hit(number))
    task, store = pipeline.tasks[0], pipeline.stores[0]
    walk = Redactions(store, task.state, task._reader)
    walk.ask("email:somebody@example.org", pipeline.now)
    rows = sum(len(store.keys(table)) for table in ("timeline", "profiles"))
    began, slices = time.process_time(), 0
    while walk.is_pending():
        walk.slice(Turn(context=task.context, now=pipeline.now, until=pipeline.now, follow=lambda sends: None))
        slices += 1
    took = time.process_time() - began
    print(f"{rows:,} rows, {rows / took:,.0f} a second of CPU, {took / slices * 1000:.1f} ms a slice")


if __name__ == "__main__":
    main()
