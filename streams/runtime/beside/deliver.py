"""The process behind `audience deliver`: definitions are followed, destinations run, pages are served."""
from __future__ import annotations

import logging
from collections.abc import Callable

from confluent_kafka import TopicPartition

from streams.core.errors import Misconfigured
from streams.runtime.beside.deliveries import KafkaActivations
from streams.runtime.beside.destinations import Destinations, Roster
from streams.runtime.beside.following import DestinationsFollower, Documents
from streams.runtime.beside.listening import Address, listening, stopping
from streams.runtime.beside.pages import Ends, Pages
from streams.runtime.exits import Exit, leave
from streams.runtime.kafka.names import Names
from streams.runtime.kafka.offsets import EndOffsets
from streams.runtime.settings import Settings
from streams.topology import TOPICS

log = logging.getLogger(__name__)

CHANNEL = "activations."
CHANNELS = tuple(topic.name.removeprefix(CHANNEL) for topic in TOPICS if topic.name.startswith(CHANNEL))


async def deliver(
    settings: Settings, roster_of: Callable[[Documents], Roster], address: Address, grace: float,
) -> None:
    """Until SIGTERM or SIGINT; what is under way then is finished and written down, within `grace` seconds. `roster_of` says
    which of the destinations are to run. Misconfigured when what is in force at the start cannot run."""
    stopped = stopping()
    destinations = Destinations(lambda each: KafkaActivations(settings, each.id, each.channel))
    following = DestinationsFollower(
        settings, lambda documents: _put(roster_of(documents), destinations, following.is_first))
    pages = Pages(destinations, ChannelEnds(settings).now, lambda: following.is_current)
    async with listening(pages.application(), address) as there:
        log.info("Whether it is ready, and its metrics, at http://%s:%d/", there.host, there.port)
        try:
            await following.run(stopped)
        finally:
            late = await destinations.stop(grace)
            if late:  # calls of librdkafka that wait for a broker cannot be ended: a commit waits for ever
                log.error("%s: what was under way is not written down after %g s (--grace); it is delivered again at the "
                          "next start, under the same ids; is Kafka there?", ", ".join(late), grace)
                leave(Exit.BROKER)


def _put(roster: Roster, destinations: Destinations, is_first: bool) -> None:
    """After the start a destination whose settings are wrong stops, and the others run."""
    faults = tuple(fault for each in roster.faults.values() for fault in each)
    if faults and is_first:
        raise Misconfigured(faults)
    for fault in faults:
        log.error("not delivered to until it is mended: %s", fault)
    destinations.become(roster)
    log.info("destinations in force: %s", ", ".join(sorted(roster.running)) or "none; waits for `audience apply`")


class ChannelEnds:
    """Where the channels' topics end: beyond them nothing could be read."""

    def __init__(self, settings: Settings) -> None:
        names = Names(settings)
        self._channels = {names.on_cluster(CHANNEL + channel): channel for channel in CHANNELS}
        self._places = [TopicPartition(name, number) for name in self._channels for number in range(settings.partitions)]
        self._ends = EndOffsets(settings.broker)

    def now(self) -> Ends:
        """Empty while the broker does not answer."""
        ends = self._ends.now(self._places)
        if ends is None:
            return {}
        found: dict[str, dict[int, int]] = {channel: {} for channel in CHANNELS}
        for (topic, partition), end in ends.items():
            found[self._channels[topic]][partition] = end
        return found
