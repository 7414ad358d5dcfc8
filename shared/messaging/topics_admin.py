# SPDX-License-Identifier: Apache-2.0
"""Creates the topics of an installation, and checks that they are there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.errors import ConfigurationError
from shared.events import Topics
from shared.messaging.kafka_client import connection_arguments, kafka_errors
from shared.settings import KafkaSettings


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
    """Create the topics that are missing and return their names.

    Raises:
        DependencyDownError: no broker answers.
        ConfigurationError: the broker refuses to create a topic.
    """
    async with admin(settings) as client:
        present = set(await client.list_topics())
        missing = [
            NewTopic(
                name=topic.name,
                num_partitions=settings.partitions,
                replication_factor=settings.replication_factor,
                topic_configs=dict(topic.config()),
            )
            for topic in Topics(settings.topic_prefix).specifications()
            if topic.name not in present
        ]
        if missing:
            response: Any = await client.create_topics(missing)
            for name, code, *_ in response.topic_errors:
                _check(name, code)
        return [topic.name for topic in missing]


def _check(name: str, code: int) -> None:
    if code and code != TopicAlreadyExistsError.errno:
        raise ConfigurationError(f"Kafka would not create {name}: {for_code(code).__name__}")


async def check_topics(settings: KafkaSettings, names: list[str]) -> None:
    """Return if all topics are there.

    Raises:
        DependencyDownError: no broker answers.
        ConfigurationError: a topic is missing; the message says how to create it.
    """
    async with admin(settings) as client:
        missing = sorted(set(names) - set(await client.list_topics()))
    if missing:
        raise ConfigurationError(
            f"no topic {', '.join(missing)}; create it with: python -m deploy.kafka.topics"
        )
