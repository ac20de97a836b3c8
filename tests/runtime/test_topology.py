"""The declaration of topics, tables and stages holds together, and is what the Faust app is made of."""
from __future__ import annotations

import schemas
from streams import topology
from streams.runtime.kafka.declared import declared_topics
from streams.runtime.kafka.topic_faults import differences
from streams.runtime.settings import Settings
from streams.runtime.state.changelog import CODES, NAMES, messages
from streams.unit import TABLES, Change


def test_every_topic_has_a_schema() -> None:
    assert {topic.schema for topic in topology.TOPICS} <= {*schemas.NAMES}


def test_stages_read_write_and_keep_only_what_is_declared() -> None:
    names = {topic.name for topic in topology.TOPICS}
    for stage in topology.STAGES:
        assert {*stage.reads, *stage.writes} <= names
        assert {*stage.tables} <= {*TABLES}


def test_every_input_is_read_by_exactly_one_agent() -> None:
    read = [topic for group in topology.GROUPS for topic in topology.topics_of(group)]
    assert sorted(read, key=lambda topic: topic.name) == sorted(topology.INPUTS, key=lambda topic: topic.name)


def test_table_codes_are_one_byte_and_permanent() -> None:
    assert CODES == {
        "pointers": b"p", "profiles": b"h", "timeline": b"t", "timers": b"d", "identities": b"i", "meta": b"m",
    }
    assert messages([Change("timers", b"k", None)]) == [{"key": b"dk", "value": None}]
    assert NAMES[b"dk"[0]] == "timers"


def test_l7_answers_that_name_people_are_kept_for_an_hour_and_the_picture_says_so() -> None:
    [answers] = [topic for topic in declared_topics(Settings.read({})) if topic.name == "segments.answers"]
    assert (answers.config["retention.ms"], answers.config["segment.ms"]) == ("3600000", "3600000")
    [line] = [line for line in topology.describe().splitlines() if "segments.answers" in line]
    assert line.split()[1:3] == ["1", "h"]


def test_all_topics_of_a_deployment_have_one_partition_count_and_erasure_reaches_compacted_ones() -> None:
    declared = declared_topics(Settings.read({"AUDIENCE_PARTITIONS": "7", "AUDIENCE_REPLICATION": "3"}))
    assert {topic.partitions for topic in declared} == {7}
    assert {topic.config["min.insync.replicas"] for topic in declared} == {"2"}
    for topic in declared:
        assert (topic.config["cleanup.policy"] == "compact") == ("max.compaction.lag.ms" in topic.config)


def test_l7_a_compacted_topic_that_somebody_lets_keep_what_was_replaced_is_refused() -> None:
    [profiles] = [topic for topic in declared_topics(Settings.read({})) if topic.name == "profiles"]
    assert list(differences(profiles, profiles.config)) == []
    assert list(differences(profiles, profiles.config | {"max.compaction.lag.ms": "3600000"})) == []
    [fault] = differences(profiles, profiles.config | {"max.compaction.lag.ms": str(2**63 - 1)})
    assert "expected at most 86400000, after which a value that was erased is gone" in fault
    assert "--add-config max.compaction.lag.ms=86400000" in fault


def test_the_description_names_everything() -> None:
    text = topology.describe()
    names = [topic.name for topic in topology.TOPICS] + [stage.name for stage in topology.STAGES]
    assert [name for name in (*names, *TABLES) if name not in text] == []
