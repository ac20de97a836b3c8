"""A worker as a process of its own: `python -m tests.kafka.worker_main MODULE:FUNCTION`, settings in the environment.

FUNCTION takes the Settings and gives the processor factory; so the same faults can be tried on any processor.
"""
from __future__ import annotations

import os
import sys
from importlib import import_module

from streams.runtime.logs import begin_log
from streams.runtime.settings import Settings
from streams.runtime.worker import run_worker


def main() -> int:
    settings = Settings.read({name: value for name, value in os.environ.items() if name.startswith("AUDIENCE_")})
    begin_log(os.environ)
    module, function = sys.argv[1].split(":")
    return run_worker(settings, getattr(import_module(module), function)(settings))


if __name__ == "__main__":
    sys.exit(main())
