# SPDX-License-Identifier: Apache-2.0
"""What a cluster says of topics: their partitions, where these end, and their configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.messaging.inspection.consumer import Extent, extents, onlooker
from shared.messaging.topics_admin import admin, topic_configs
from shared.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionDescription:
    """A partition; brokers are named by their numbers."""

    partition: int
    leader: int
    replicas: Sequence[int]
    in_sync: Sequence[int]
    extent: Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDescription:
    """A topic as it is; ``config`` is in Kafka's own names, and empty where nobody tells."""

    name: str
    partitions: Sequence[PartitionDescription]
    config: Mapping[str, str]

    @property
    def length(self) -> int:
        """Return how many offsets the topic has."""
        return sum(each.extent.length for each in self.partitions)

    @property
    def replication_factor(self) -> int:
        """Return the smallest number of replicas of a partition."""
        return min((len(each.replicas) for each in self.partitions), default=0)


async def topic_names(settings: KafkaSettings) -> list[str]:
    """Return the topics of the cluster, without those that are the brokers' own.

    Raises:
        DependencyDownError: the broker cannot be reached.
    """
    async with admin(settings) as client:
        names = await client.list_topics()
    return sorted(name for name in names if not name.startswith("__"))


async def describe(settings: KafkaSettings, names: Sequence[str]) -> list[TopicDescription]:
    """Return the topics, which have to be there, in the order of ``names``.

    Raises:
        DependencyDownError: the broker cannot be reached.
    """
    if not names:
        return []
    async with admin(settings) as client:
        described, configs = await _ask(client, names)
    partitions = [
        TopicPartition(name, each["partition"]) for name in names for each in described[name]
    ]
    async with onlooker(settings) as consumer:
        found = await extents(consumer, partitions)
    return [
        TopicDescription(
            name=name,
            partitions=[
                _partition(each, found[TopicPartition(name, each["partition"])])
                for each in sorted(described[name], key=lambda each: each["partition"])
            ],
            config=configs.get(name, {}),
        )
        for name in names
    ]


async def _ask(
    client: AIOKafkaAdminClient, names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    described: Any = await client.describe_topics(list(names))
    return {each["topic"]: each["partitions"] for each in described}, await topic_configs(
        client, names
    )


def _partition(described: Any, extent: Extent) -> PartitionDescription:
    return PartitionDescription(
        partition=described["partition"],
        leader=described["leader"],
        replicas=sorted(described["replicas"]),
        in_sync=sorted(described["isr"]),
        extent=extent,
    )
