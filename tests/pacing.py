"""A pace: what is sent is due at its instant, however long the one before took."""
from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count


def paced(per_second: float, most: int | None = None) -> Iterator[int]:
    """Numbers from 0, each when it is due; without end unless there are `most`. Who is late gets the next ones at once."""
    began = time.monotonic()
    for number in count() if most is None else range(most):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        yield number
