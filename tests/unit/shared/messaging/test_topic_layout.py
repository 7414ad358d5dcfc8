# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import pytest

from shared.messaging.topic_layout import (
    TopicLayout,
    missing,
    wanted_layouts,
    wrong_partitions,
    wrong_settings,
)
from shared.settings import KafkaSettings

TOPIC = TopicLayout(
    name="domain", partitions=6, replication_factor=3, config={"retention.ms": "-1"}
)


@pytest.mark.parametrize(("copies", "confirming"), [(1, "1"), (2, "1"), (3, "2"), (5, "4")])
def test_one_broker_may_be_down_where_there_are_several(copies: int, confirming: str) -> None:
    wanted = wanted_layouts(KafkaSettings(replication_factor=copies))

    assert {topic.config["min.insync.replicas"] for topic in wanted} == {confirming}


@pytest.mark.parametrize(("days", "milliseconds"), [(0, "-1"), (90, "7776000000")])
def test_somebody_may_decide_how_long_what_was_said_is_kept(days: int, milliseconds: str) -> None:
    wanted = wanted_layouts(KafkaSettings(domain_retention_days=days))

    kept = {topic.name: topic.config["retention.ms"] for topic in wanted}
    assert kept["agent-runtime.domain"] == milliseconds
    assert {each for name, each in kept.items() if name != "agent-runtime.domain"} == {"2592000000"}


def test_a_topic_as_it_should_be_differs_in_nothing() -> None:
    found = {TOPIC.name: replace(TOPIC, config={**TOPIC.config, "compression.type": "zstd"})}

    assert missing([TOPIC], found) == []
    assert wrong_partitions([TOPIC], found) == []
    assert wrong_settings([TOPIC], found) == []


def test_each_difference_is_a_sentence_that_names_both_sides() -> None:
    there = TopicLayout(
        name="domain", partitions=3, replication_factor=1, config={"retention.ms": "7"}
    )
    found = {TOPIC.name: there}

    assert wrong_partitions([TOPIC], found) == ["domain has 3 partitions, KAFKA_PARTITIONS is 6"]
    assert wrong_settings([TOPIC], found) == [
        "domain has retention.ms=7, not -1",
        "domain has 1 replicas, KAFKA_REPLICATION_FACTOR is 3",
    ]


def test_what_is_not_there_is_missing_and_nothing_else() -> None:
    assert missing([TOPIC], {}) == [TOPIC]
    assert wrong_partitions([TOPIC], {}) == wrong_settings([TOPIC], {}) == []


def test_what_a_broker_does_not_tell_is_no_difference() -> None:
    assert wrong_settings([TOPIC], {TOPIC.name: replace(TOPIC, config={})}) == []
