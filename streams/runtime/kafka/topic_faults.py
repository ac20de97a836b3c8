"""What is wrong with a cluster's topics, compared with what is declared. Pure: asks no broker."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from streams.runtime.kafka.declared import LARGEST_RECORD, Declared


class Shape(NamedTuple):
    """A topic as it is. copies: of the partition that has the fewest."""

    partitions: int
    copies: int


def missing(declared: Iterable[Declared], found: Mapping[str, Shape]) -> Iterable[str]:
    """The topics that are not there, as one fault."""
    if names := [topic.name for topic in declared if topic.name not in found]:
        yield f"Missing topics: {', '.join(names)}; start a worker, which creates them, or run `audience topics --create`"


def misshapen(declared: Iterable[Declared], found: Mapping[str, Shape]) -> Iterable[str]:
    """One fault for all topics that have the same wrong number: usually they are all wrong together."""
    present = [(topic, found[topic.name]) for topic in declared if topic.name in found]
    for number, topics in _grouped((shape.partitions, topic) for topic, shape in present
                                   if shape.partitions != topic.partitions):
        yield (f"Topics with {number} partitions, expected {topics[0].partitions}: {_listed(topics)}. Every topic of "
               f"a deployment has the same number, fixed at its first start: set AUDIENCE_PARTITIONS={number} if they all "
               "have that, else create them anew, or choose another AUDIENCE_APP and AUDIENCE_PREFIX")
    for number, topics in _grouped((shape.copies, topic) for topic, shape in present if shape.copies < topic.replication):
        yield (f"Topics with {number} copies of a partition, expected {topics[0].replication}: {_listed(topics)}. Add some "
               f"with `kafka-reassign-partitions`, or set AUDIENCE_REPLICATION={number}, with which a broker may take "
               "more with it")


def differences(topic: Declared, found: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with a topic's settings, by their names at Kafka."""
    for option, is_fine, expected in _RULES:
        wanted = topic.config.get(option)
        if wanted is not None and not is_fine(str(found.get(option)), wanted):
            yield (f"Topic {topic.name} has {option}={found.get(option)}, expected {expected.format(wanted)}; "
                   f"change it with `kafka-configs --alter --topic {topic.name} --add-config {option}={wanted}`")


def _grouped(wrong: Iterable[tuple[int, Declared]]) -> Iterable[tuple[int, list[Declared]]]:
    groups: dict[int, list[Declared]] = {}
    for number, topic in wrong:
        groups.setdefault(number, []).append(topic)
    return groups.items()


def _listed(topics: Iterable[Declared]) -> str:
    return ", ".join(topic.name for topic in topics)


def _lasts(found: str, wanted: str) -> bool:
    return found == "-1" or int(found) >= int(wanted)


_RULES: tuple[tuple[str, Callable[[str, str], bool], str], ...] = (
    ("cleanup.policy", lambda found, wanted: found == wanted, "{}"),
    ("delete.retention.ms", _lasts, "at least {}"),
    ("max.compaction.lag.ms", lambda found, wanted: int(found) <= int(wanted),
     "at most {}, after which a value that was erased is gone"),
    ("retention.ms", lambda found, _: found != "-1", "a time, after which those who were erased are gone"),
    ("min.insync.replicas", lambda found, wanted: int(found) >= int(wanted),
     "at least {}, or what was committed may end with one broker"),
    ("max.message.bytes", lambda found, wanted: int(wanted) <= int(found) <= LARGEST_RECORD,
     f"at least {{}} and at most {LARGEST_RECORD}, the largest record a worker handles"),
)
