"""State as Faust sees it: to be read, and changed by nobody but the unit of work."""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from streams.runtime.plugs.tables import CommittedState


@pytest.mark.parametrize("change", [
    lambda state: state.__setitem__(b"k", b"v"), lambda state: state.__delitem__(b"k"),
    lambda state: state.apply_changelog_batch([], None, None), lambda state: state.restore_backup(0),
    lambda state: asyncio.run(state.backup_partition(0)),
])
def test_who_would_change_or_copy_it_past_the_changelog_is_refused(change: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"unit of work|restored by|changelog is the backup"):
        change(object.__new__(CommittedState))
