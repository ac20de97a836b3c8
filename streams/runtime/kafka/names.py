"""Names on the cluster, all made here: topics, changelog, group, transactional ids.

One place, because two deployments on one cluster must differ in every one of them or they would fence each other.
"""
from __future__ import annotations

from streams.core.errors import Bug
from streams.runtime.settings import Settings


class Names:
    """Translates between logical names (`events.hits`) and those of one deployment (`acme.events.hits`)."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.prefix
        self.application = settings.application
        self.group = settings.application
        self.changelog = f"{settings.application}-state-changelog"
        """The one changelog of all tables; `TOPIC` as Faust names the changelog of a table called `state`."""

    def on_cluster(self, logical: str) -> str:
        """The topic's name on the broker."""
        return self._prefix + logical

    def logical(self, on_cluster: str) -> str:
        """The declared name of a topic on the broker."""
        if not on_cluster.startswith(self._prefix):
            raise Bug(f"Topic {on_cluster!r} is not of this deployment; expected the prefix {self._prefix!r}")
        return on_cluster.removeprefix(self._prefix)

    def transactional_id(self, partition: int) -> str:
        """The id whose newest holder alone may write for that task."""
        return f"{self.application}-{partition}"
