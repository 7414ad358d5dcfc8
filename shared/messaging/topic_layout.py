# SPDX-License-Identifier: Apache-2.0
"""How topics should be laid out on a cluster, and in what a cluster differs from that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.events import Topics
from shared.events.topics import TopicSpecification
from shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLayout:
    """A topic on a cluster; ``config`` is in Kafka's own names."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def wanted_layouts(settings: KafkaSettings) -> list[TopicLayout]:
    """Return every topic that has to exist, as it has to be.

    A record is confirmed by all replicas but one, so that one broker may be down.
    """
    copies = settings.replication_factor
    return [
        TopicLayout(
            name=topic.name,
            partitions=settings.partitions,
            replication_factor=copies,
            config={
                **replace(topic, retention=_retention(topic, settings)).config(),
                "min.insync.replicas": str(max(1, copies - 1)),
            },
        )
        for topic in Topics(settings.topic_prefix).specifications()
    ]


def _retention(topic: TopicSpecification, settings: KafkaSettings) -> timedelta | None:
    """Return how long a topic keeps; what is kept for ever unless somebody decides otherwise."""
    days = settings.domain_retention_days
    return timedelta(days=days) if days and topic.retention is None else topic.retention


def missing(wanted: Iterable[TopicLayout], found: Mapping[str, TopicLayout]) -> list[TopicLayout]:
    """Return the topics that are not there."""
    return [topic for topic in wanted if topic.name not in found]


def wrong_partitions(wanted: Iterable[TopicLayout], found: Mapping[str, TopicLayout]) -> list[str]:
    """Return a sentence for each topic that has another number of partitions.

    It cannot be mended without moving sessions to other partitions.
    """
    pairs = [(topic, found[topic.name]) for topic in wanted if topic.name in found]
    return [
        f"{topic.name} has {there.partitions} partitions, KAFKA_PARTITIONS is {topic.partitions}"
        for topic, there in pairs
        if there.partitions != topic.partitions
    ]


def wrong_settings(wanted: Iterable[TopicLayout], found: Mapping[str, TopicLayout]) -> list[str]:
    """Return a sentence for each setting that is another, as far as the cluster tells."""
    sentences: list[str] = []
    for topic in wanted:
        if there := found.get(topic.name):
            sentences += _wrong_settings(topic, there)
    return sentences


def _wrong_settings(topic: TopicLayout, there: TopicLayout) -> list[str]:
    copies, wanted_copies = there.replication_factor, topic.replication_factor
    sentences = [
        f"{topic.name} has {name}={there.config[name]}, not {value}"
        for name, value in topic.config.items()
        if name in there.config and there.config[name] != value
    ]
    if copies != wanted_copies:
        where = "KAFKA_REPLICATION_FACTOR is"
        sentences.append(f"{topic.name} has {copies} replicas, {where} {wanted_copies}")
    return sentences
