"""Whose a state is: rows of `meta` that are the runtime's own, read once when a task is taken over.

With another profile key everybody would get another public id, and erased people would not be recognised. A folder from
elsewhere, a backup or another cluster, may have a position that is valid in its changelog here, with other rows behind it.
"""
from __future__ import annotations

import hmac
import logging

from streams.runtime.exits import Exit, Stop
from streams.runtime.state.store import RESERVED, TaskStore
from streams.unit import Change, Store

log = logging.getLogger(__name__)

PROFILE_KEY = RESERVED + b"profile-key"
"""Goes through the changelog."""
CHANGELOG = RESERVED + b"changelog"
"""Stays on this disk: `TOPIC ID/PARTITION`."""


def mark_of(profile_key: str) -> Change:
    """What a state remembers of the key it began with: a keyed hash, from which nobody gets the key."""
    return Change("meta", PROFILE_KEY, hmac.new(profile_key.encode(), b"audience-streams", "sha256").digest()[:16])


def has_mark(state: Store, mark: Change) -> bool:
    """Whether the state has it already; Stop(MISCONFIGURED) if it has another one."""
    (found,) = state.get(mark.table, [mark.key])
    if found is not None and found != mark.value:
        raise Stop(Exit.MISCONFIGURED, (
            "AUDIENCE_PROFILE_KEY is not the one that this AUDIENCE_APP began with (it may have begun without): everybody's "
            "public id would change, and erased people would come back. Set that one; or choose another AUDIENCE_APP, which "
            "rebuilds its state from the source topics"))
    return found is not None


def keep_to(store: TaskStore, changelog: str) -> None:
    """The store is of this changelog from here on. What is of another partition is discarded, Kafka has it; Stop(STATE) if
    it is of another topic. `changelog`: as in `CHANGELOG`; of a store that does not say, this one is believed."""
    (found,) = store.get("meta", [CHANGELOG])
    if found == changelog.encode():
        return
    if found is not None and store.position:
        if found.decode().partition("/")[0] != changelog.partition("/")[0]:
            raise Stop(Exit.STATE, _another(store))
        log.warning("State in %s is of another task: discarded and rebuilt", store.folder)
        store.discard()
    store.write([Change("meta", CHANGELOG, changelog.encode())], store.position, store.current_at)


def begin_anew(store: TaskStore) -> None:
    """Discards all but whose changelog it is."""
    (mark,) = store.get("meta", [CHANGELOG])
    store.discard()
    if mark is not None:
        store.write([Change("meta", CHANGELOG, mark)], 0, 0)


def _another(store: TaskStore) -> str:
    return (f"The state in {store.folder} is of another changelog than the cluster's: was the cluster replaced, or the "
            "topic deleted and made anew? On a new cluster delete the folder: it is rebuilt from what is there. If the "
            "changelog was deleted, choose another AUDIENCE_APP, which rebuilds all state from the source topics")
