"""The Faust app as Faust users expect it: `faust -A streams.app worker`, `agents`, `tables`.

Importing this reads the environment; everything else is given its settings.
"""
from __future__ import annotations

import os

from streams.runtime.plugs.application import AudienceApp
from streams.runtime.processor import task_factory
from streams.runtime.settings import Settings

_settings = Settings.read(os.environ)
app = AudienceApp(_settings, task_factory(_settings))
