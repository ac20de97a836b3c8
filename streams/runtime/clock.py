"""The wall clock for everything outside the core; the core is told what time it is."""
from __future__ import annotations

import time


def wall_ms() -> int:
    """Epoch ms."""
    return time.time_ns() // 1_000_000
