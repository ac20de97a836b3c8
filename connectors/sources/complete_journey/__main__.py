"""`python -m connectors.sources.complete_journey FOLDER`: writes the tables, then says what to type next."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from connectors.sources.complete_journey.export import DEFINITIONS, MAPPING, export
from streams.core.errors import Misconfigured


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m connectors.sources.complete_journey", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the files go; made if it is not there")
    parser.add_argument("--households", type=int, metavar="N", help="the first N households only (all: 2,469)")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    given = parser.parse_args()
    try:
        files = export(given.folder, given.households, given.format)
    except Misconfigured as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    events = " ".join(str(files[name]) for name in ("demographics", "campaigns", "redemptions", "orders"))
    sys.stdout.write(f"{len(files)} files in {given.folder}\n\n  audience backtest {events} \\\n")
    sys.stdout.write(f"    --mapping {MAPPING} --definitions {DEFINITIONS} --output {given.folder / 'result'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
