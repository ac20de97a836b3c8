"""The Faust app as Faust users expect it: `faust -A streams.app worker`, `agents`, `tables`.

Importing this module reads the environment, and exits if the settings are wrong."""
from __future__ import annotations

import os
import sys

from streams.core.errors import Misconfigured
from streams.runtime.exits import Exit
from streams.runtime.plugs.application import AudienceApp
from streams.runtime.processor import task_factory
from streams.runtime.settings import Settings

try:
    _settings = Settings.read(os.environ)
except Misconfigured as faults:
    sys.stderr.write(f"streams.app: {faults}\n")
    sys.exit(Exit.MISCONFIGURED)
app = AudienceApp(_settings, task_factory(_settings))
