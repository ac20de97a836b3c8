"""Run as a program under `unshare --mount`: writes activations to a tiny file system of its own until it is full, makes
room, goes on. Prints what a reader of the folder and of the outcomes would have found, as JSON."""
from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import orjson

from connectors.delivery import Deferred, Delivered, Engine, Limits
from connectors.delivery.reading import SettingsReader
from connectors.destinations.files import make
from streams.runtime.clock import wall_ms
from tests.connectors.recording import Log, Reading, activation, eventually

MANY = 3_000


async def play(folder: Path) -> dict[str, object]:
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * 900_000)
    log = Log([activation(number) for number in range(MANY)])
    connector = make(SettingsReader("lake", {"folder": str(folder / "out"), "rows": 1_000}, {}))
    engine = Engine("lake", connector, Reading(log), Limits(shortest=2, longest=10), clock=wall_ms)
    task = asyncio.create_task(engine.run())
    async with asyncio.timeout(60):
        await eventually(lambda: len(log.final(Deferred)) > 0 or task.done())
        while_full = len(log.final(Delivered))
        ballast.unlink()
        await eventually(lambda: len(log.final(Delivered)) == MANY or task.done())
    engine.stop()
    await task
    files = sorted((folder / "out").glob("lake-*.jsonl"))
    rows = Counter(orjson.loads(line)["activation_id"] for file in files for line in file.read_bytes().splitlines())
    return {"while_full": while_full, "rows": len(rows), "times": max(rows.values()),
            "why": sorted({d.outcome.why for d in log.deliveries if isinstance(d.outcome, Deferred)})}


if __name__ == "__main__":
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", sys.argv[1]], check=True)
    sys.stdout.write(orjson.dumps(asyncio.run(play(Path(sys.argv[1])))).decode())
