"""The process behind `audience deliver`: definitions are followed, destinations run, pages are served."""
from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import TimeoutError as AnswerMissing
from typing import Any

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # untyped re-export

from streams.core.errors import Misconfigured
from streams.runtime.delivering.deliveries import KafkaActivations
from streams.runtime.delivering.destinations import Destinations, Plan
from streams.runtime.delivering.following import Address, Documents, Following, listening, stopping
from streams.runtime.delivering.pages import Ends, Pages
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import TOPICS

log = logging.getLogger(__name__)

ANSWER = 3.0

CHANNEL = "activations."
CHANNELS = tuple(topic.name.removeprefix(CHANNEL) for topic in TOPICS if topic.name.startswith(CHANNEL))

Planned = Callable[[Documents], Plan]
"""What is to run of them."""


async def deliver(settings: Settings, planned: Planned, address: Address) -> None:
    """Until SIGTERM or SIGINT; what is under way then is finished and written down. Misconfigured when what is in force
    at the start cannot run."""
    stopped = stopping()
    destinations = Destinations(lambda each: KafkaActivations(settings, each.id, each.channel))
    following = Following(settings, lambda documents: _put(planned(documents), destinations, following.is_first))
    pages = Pages(destinations, ChannelEnds(settings).now, lambda: following.is_current)
    async with listening(pages.application(), address):
        try:
            await following.run(stopped)
        finally:
            await destinations.stop()


def _put(plan: Plan, destinations: Destinations, is_first: bool) -> None:
    """After the start a destination whose settings are wrong stops, and the others run."""
    faults = tuple(fault for each in plan.faults.values() for fault in each)
    if faults and is_first:
        raise Misconfigured(faults)
    for fault in faults:
        log.error("not delivered to until it is mended: %s", fault)
    destinations.become(plan)
    log.info("destinations in force: %s", ", ".join(sorted(plan.running)) or "none; waits for `audience apply`")


class ChannelEnds:
    """Where the channels' topics end: beyond them nothing could be read."""

    def __init__(self, settings: Settings) -> None:
        self._names, self._partitions = Names(settings), range(settings.partitions)
        options: dict[str, Any] = {"bootstrap.servers": settings.broker, "log_level": 0, "error_cb": lambda _: None}
        self._admin = AdminClient(options)

    def now(self) -> Ends:
        """Nothing while the broker does not answer."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        topics = {self._names.on_cluster(CHANNEL + channel): channel for channel in CHANNELS}
        wanted = {TopicPartition(name, number): latest for name in topics for number in self._partitions}
        found: dict[str, dict[int, int]] = {channel: {} for channel in CHANNELS}
        try:
            answers = self._admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ANSWER)
            for place, answer in answers.items():
                found[topics[place.topic]][place.partition] = answer.result(ANSWER).offset
        except (KafkaException, AnswerMissing):
            return {}
        return found
