"""What a deployment finds on the cluster when it begins: what another one left there, or its own topics, some deleted."""
from __future__ import annotations

from collections.abc import Collection, Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.runtime.kafka.calls import CALL, persistently
from streams.runtime.kafka.consumers import onlooker
from streams.runtime.kafka.errors import error_of, is_ousted
from streams.runtime.kafka.names import Names
from streams.runtime.settings import Settings
from streams.topology import INPUTS, Role

INTERNAL = tuple(topic.name for topic in INPUTS if topic.role is Role.INTERNAL)
SOURCES = tuple(topic.name for topic in INPUTS if topic.role is not Role.INTERNAL)


def begin(settings: Settings, lacking: Collection[str]) -> Iterable[str]:
    """To be called before the topics that are lacking, some of all, are created. Tells what was lost with them, if anything.

    Of a deployment that begins on topics where another worked (another AUDIENCE_APP), commands are read from where they end
    now: what the other's tasks told one another is about its state. Done here and once, not by each task as it begins: the
    first would have told the next something by then.
    """
    names = Names(settings)
    internal = [names.on_cluster(name) for name in INTERNAL]
    if lost := [name for name in (names.changelog, *internal) if name in lacking]:
        asking = Consumer(onlooker(settings, names.group))
        try:
            if _has_begun(asking, _places(settings, SOURCES)):
                yield _deleted(lost, names.group)
            elif names.changelog in lacking:
                _pass_over(asking, [each for each in _places(settings, INTERNAL) if each.topic not in lacking])
        finally:
            asking.close()


def _has_begun(asking: Consumer, places: list[TopicPartition]) -> bool:
    return any(each.offset >= 0 for each in persistently("committed", lambda: asking.committed(places, CALL)))


def _pass_over(asking: Consumer, places: list[TopicPartition]) -> None:
    ends = [TopicPartition(each.topic, each.partition, _end(asking, each)) for each in places]
    if any(each.offset for each in ends):
        persistently("commit", lambda: _commit(asking, ends))


def _end(asking: Consumer, place: TopicPartition) -> int:
    return int(persistently("ends", lambda: asking.get_watermark_offsets(place, CALL))[1])


def _commit(asking: Consumer, places: list[TopicPartition]) -> None:
    try:
        for each in asking.commit(offsets=places, asynchronous=False) or ():
            if each.error is not None:
                raise KafkaException(each.error)
    except KafkaException as failure:
        if not is_ousted(error_of(failure)):  # else a worker that began beside this one has done it, and is a member already
            raise


def _places(settings: Settings, topics: Iterable[str]) -> list[TopicPartition]:
    names = Names(settings)
    return [TopicPartition(names.on_cluster(topic), number) for topic in topics for number in range(settings.partitions)]


def _deleted(lost: list[str], group: str) -> str:
    return (f"Topics that are not there, though group {group} has offsets that go with them: {', '.join(lost)}. They were "
            "deleted, and what stood in them is nowhere else. Bring them back; or choose another AUDIENCE_APP, which "
            "rebuilds all state from the source topics")
