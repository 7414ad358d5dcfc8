# SPDX-License-Identifier: Apache-2.0
"""Creates the topics of an installation, and checks that they are there and as they should be."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.errors import ConfigurationError
from shared.messaging.kafka_client import connection_arguments, kafka_errors
from shared.messaging.topic_layout import (
    TopicLayout,
    missing,
    wanted_layouts,
    wrong_partitions,
    wrong_settings,
)
from shared.settings import KafkaSettings

logger = logging.getLogger(__name__)

COMMAND = "python -m deploy.kafka.topics"
"""What a person runs to create and to check the topics."""

SPREADING = timedelta(seconds=30)
"""How long a cluster may take until its brokers know of a topic that it created."""

LOOKS = 20
PAUSE = timedelta(milliseconds=100)


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncGenerator[AIOKafkaAdminClient]:
    """Give an admin client, with the errors of Kafka named for what to do about them."""
    client = AIOKafkaAdminClient(**connection_arguments(settings))
    async with kafka_errors(settings):
        try:
            await client.start()
            yield client
        finally:
            await client.close()


async def ensure_topics(settings: KafkaSettings) -> list[str]:
    """Create the topics that are missing and return their names, once they can be used.

    Topics that are there already stay as they are; a setting that is another is logged.

    Raises:
        DependencyDownError: no broker answers.
        ConfigurationError: the broker refuses to create a topic, or one has another number of
            partitions.
    """
    wanted = wanted_layouts(settings)
    async with admin(settings) as client:
        found = await _layouts(client, [topic.name for topic in wanted])
        absent = missing(wanted, found)
        if wrong := wrong_partitions(wanted, found):
            raise ConfigurationError("; ".join(wrong))
        for sentence in wrong_settings(wanted, found):
            logger.warning("topic is not as it should be", extra={"difference": sentence})
        if absent:
            await _create(client, absent)
        return [topic.name for topic in absent]


async def differences(settings: KafkaSettings) -> list[str]:
    """Return a sentence for each topic that is missing, and each of which something is another.

    Raises:
        DependencyDownError: no broker answers.
    """
    wanted = wanted_layouts(settings)
    async with admin(settings) as client:
        found = await _layouts(client, [topic.name for topic in wanted])
    absent = [f"{topic.name} is missing" for topic in missing(wanted, found)]
    return [*absent, *wrong_partitions(wanted, found), *wrong_settings(wanted, found)]


async def check_topics(settings: KafkaSettings, names: Sequence[str]) -> None:
    """Return if all topics are there.

    Raises:
        DependencyDownError: no broker answers.
        ConfigurationError: a topic is missing; the message says how to create it.
    """
    async with admin(settings) as client:
        absent = set(names) - set(await client.list_topics())
        for _ in range(LOOKS):  # the broker that was asked may not have heard of it yet
            if not absent:
                return
            await asyncio.sleep(PAUSE.total_seconds())
            absent = set(names) - set(await client.list_topics())
    raise ConfigurationError(f"no topic {', '.join(sorted(absent))}; create it with: {COMMAND}")


async def _create(client: AIOKafkaAdminClient, topics: Sequence[TopicLayout]) -> None:
    new = [
        NewTopic(
            name=topic.name,
            num_partitions=topic.partitions,
            replication_factor=topic.replication_factor,
            topic_configs=dict(topic.config),
        )
        for topic in topics
    ]
    response: Any = await client.create_topics(new)
    for name, code, *_ in response.topic_errors:
        if code and code != TopicAlreadyExistsError.errno:
            raise ConfigurationError(f"Kafka would not create {name}: {for_code(code).__name__}")
    async with asyncio.timeout(SPREADING.total_seconds()):
        while not await _can_be_used(client, topics):  # noqa: ASYNC110 -- the cluster sets no event
            await asyncio.sleep(PAUSE.total_seconds())


async def _can_be_used(client: AIOKafkaAdminClient, topics: Iterable[TopicLayout]) -> bool:
    """Tell whether every partition has a leader; a cluster confirms a topic before that."""
    described: Any = await client.describe_topics([topic.name for topic in topics])
    return all(
        not topic["error_code"]
        and topic["partitions"]
        and all(each["leader"] >= 0 and not each["error_code"] for each in topic["partitions"])
        for topic in described
    )


async def _layouts(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, TopicLayout]:
    """Return those of the topics that are there."""
    present = sorted(set(names) & set(await client.list_topics()))
    if not present:
        return {}
    described: Any = await client.describe_topics(present)
    config = await topic_configs(client, present)
    return {
        topic["topic"]: TopicLayout(
            name=topic["topic"],
            partitions=len(topic["partitions"]),
            replication_factor=min(
                (len(each["replicas"]) for each in topic["partitions"]), default=0
            ),
            config=config.get(topic["topic"], {}),
        )
        for topic in described
    }


async def topic_configs(
    client: AIOKafkaAdminClient, names: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return all settings of each topic; not every broker can be asked for some."""
    topics = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    responses: Any = await client.describe_configs(topics)
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for response in responses
        for _, _, _, name, entries in response.resources
    }
