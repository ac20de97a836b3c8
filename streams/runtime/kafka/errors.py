"""What librdkafka's error codes mean to us, in one place: every other module asks a question.

Its local codes have names that begin with an underscore; they are public all the same.
"""
from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException

_END = KafkaError._PARTITION_EOF
_OUT_OF_REACH = (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._RESOLVE)
_MOVING = (
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.OFFSET_NOT_AVAILABLE,
    KafkaError.NOT_CONTROLLER, KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.UNSTABLE_OFFSET_COMMIT, KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND, KafkaError.REQUEST_TIMED_OUT, KafkaError.NETWORK_EXCEPTION,
    KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError._DESTROY_BROKER, KafkaError._WAIT_COORD)
"""What a cluster answers while leaders move, or just after a topic was created, and what librdkafka says of a partition
before it knows the cluster. It calls only some of these retriable, and only in some calls."""
_OUSTED = (
    KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID)
_FENCED = (
    KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED,
    KafkaError.INVALID_PRODUCER_ID_MAPPING)

_WORDS = {
    KafkaError._TRANSPORT: "no connection, or it was lost",
    KafkaError._ALL_BROKERS_DOWN: "no broker can be reached",
    KafkaError._TIMED_OUT: "no answer in time",
    KafkaError._RESOLVE: "no machine of that name is known",
    KafkaError._WAIT_COORD: "no broker leads the group yet",
    KafkaError._DESTROY_BROKER: "the connection was given up",
}
"""Where librdkafka's own words tell nothing to whoever reads them."""


def error_of(failure: KafkaException) -> KafkaError:
    """The error inside the exception."""
    error: KafkaError = failure.args[0]
    return error


def in_words(error: KafkaError) -> str:
    """For people, in half a sentence and without codes."""
    told = KafkaError(error.code()).str().partition(": ")
    return _WORDS.get(error.code()) or told[2] or told[0]


def is_end(error: KafkaError) -> bool:
    """Not an error: the partition is read to its end."""
    return error.code() == _END


def is_passing(error: KafkaError) -> bool:
    """The same call may succeed later: a broker is away, a leader moves, an answer was late."""
    return not error.fatal() and (error.retriable() or error.code() in (*_OUT_OF_REACH, *_MOVING))


def is_ousted(error: KafkaError) -> bool:
    """The group goes on without this member, or forms itself anew: what it holds may be another's now."""
    return error.code() in _OUSTED


def is_given_up(error: KafkaError) -> bool:
    """Whether a record was refused because its whole transaction has failed. Aborting it tells why."""
    return error.code() in (KafkaError._STATE, KafkaError._FATAL)


def is_fenced(error: KafkaError) -> bool:
    """Somebody else began to use our transactional id: the partition is theirs."""
    return error.code() in _FENCED
