# SPDX-License-Identifier: Apache-2.0
"""Topics for one test, on the embedded broker or on the one that the session was given."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.embedded.service_settings import kafka_settings as embedded_kafka
from shared.ids import new_id
from shared.messaging.topics_admin import admin
from shared.settings import KafkaSettings
from tests.support.shared_servers import SharedServers


class SessionSettings(BaseSettings):
    """What a test session can be told; ``kafka`` is a broker to use in place of the embedded."""

    model_config = SettingsConfigDict(env_prefix="AGENT_RUNTIME_TEST_", frozen=True)

    kafka: str | None = None


@asynccontextmanager
async def topics_of_our_own(servers: SharedServers) -> AsyncGenerator[KafkaSettings]:
    """Give a broker with a prefix that nobody else uses, and remove what was created with it."""
    async with given_cluster() as cluster:
        embedded = {"KAFKA_TOPIC_PREFIX": new_prefix()}
        yield cluster or embedded_kafka(servers.kafka_bootstrap_servers, embedded)


@asynccontextmanager
async def given_cluster() -> AsyncGenerator[KafkaSettings | None]:
    """Give the same on the cluster that the session was given, or None.

    How to reach it is said by the variables ``KAFKA_*``.
    """
    given = SessionSettings().kafka
    if given is None:
        yield None
        return
    settings = KafkaSettings(bootstrap_servers=given, topic_prefix=new_prefix())
    try:
        yield settings
    finally:
        await remove_topics(settings)


def new_prefix() -> str:
    """Return a prefix for topics that nobody else uses."""
    return f"test-{new_id().hex}"


async def remove_topics(settings: KafkaSettings) -> None:
    """Delete every topic with the prefix."""
    async with admin(settings) as client:
        present: Any = await client.list_topics()
        ours = [name for name in present if name.startswith(f"{settings.topic_prefix}.")]
        if ours:
            await client.delete_topics(ours)
