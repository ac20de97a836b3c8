"""The wall clock, as everything outside the core takes it: the core is told what time it is."""
from __future__ import annotations

import time


def wall_ms() -> int:
    """Epoch ms."""
    return time.time_ns() // 1_000_000
