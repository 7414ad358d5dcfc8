# SPDX-License-Identifier: Apache-2.0
"""The topics of an installation: created, and compared with what they should be."""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE
from typing import Any

import pytest
from aiokafka.admin import NewTopic

from deploy.embedded.environment import service_environment
from shared.errors import ConfigurationError
from shared.messaging import KafkaEventBus
from shared.messaging.topics_admin import COMMAND, admin, check_topics, differences, ensure_topics
from shared.settings import KafkaSettings
from tests.support.shared_servers import REPOSITORY

pytestmark = pytest.mark.connected


async def create(settings: KafkaSettings, name: str, **config: str) -> None:
    """Create a topic by hand, with some settings of its own."""
    topic: Any = NewTopic(f"{settings.topic_prefix}.{name}", settings.partitions, 1, None, config)
    async with admin(settings) as client:
        await client.create_topics([topic])
    await check_topics(settings, [f"{settings.topic_prefix}.{name}"])


async def test_what_was_created_is_as_it_should_be(kafka_settings: KafkaSettings) -> None:
    before = await differences(kafka_settings)
    created = await ensure_topics(kafka_settings)

    assert before == [f"{name} is missing" for name in created]
    assert await differences(kafka_settings) == []
    assert await ensure_topics(kafka_settings) == []


async def test_another_setting_is_reported_and_stays_as_it_is(
    kafka_settings: KafkaSettings, caplog: pytest.LogCaptureFixture
) -> None:
    await create(kafka_settings, "domain", **{"retention.ms": "1000"})

    with caplog.at_level(logging.WARNING):
        await ensure_topics(kafka_settings)

    sentence = f"{kafka_settings.topic_prefix}.domain has retention.ms=1000, not -1"
    assert sentence in await differences(kafka_settings)
    assert sentence in [getattr(record, "difference", "") for record in caplog.records]


async def test_another_number_of_partitions_is_refused(kafka_settings: KafkaSettings) -> None:
    await create(kafka_settings, "domain")
    other = kafka_settings.model_copy(update={"partitions": kafka_settings.partitions + 1})

    there, wanted = kafka_settings.partitions, other.partitions
    told = rf"domain has {there} partitions, KAFKA_PARTITIONS is {wanted}"
    with pytest.raises(ConfigurationError, match=told):
        await ensure_topics(other)

    assert len(await differences(kafka_settings)) >= 7  # nothing was created


async def test_the_command_creates_what_a_missing_topic_is_to_be_created_with(
    kafka_settings: KafkaSettings,
) -> None:
    name = f"{kafka_settings.topic_prefix}.domain"
    with pytest.raises(ConfigurationError) as missing:
        await check_topics(kafka_settings, [name])

    checked = await run(kafka_settings, "--check")
    created = await run(kafka_settings)
    checked_again = await run(kafka_settings, "--check")

    assert str(missing.value) == f"no topic {name}; create it with: {COMMAND}"
    assert (checked[0], f"{name} is missing" in checked[2]) == (1, True)
    assert (created[0], f"created {name}" in created[1]) == (0, True)
    assert checked_again[0] == 0
    await check_topics(kafka_settings, [name])


async def test_a_consumer_whose_topics_are_not_there_does_not_start(
    kafka_settings: KafkaSettings,
) -> None:
    """P19: clear at the start. Safeguard: the check of the topics before the group is joined."""
    bus = KafkaEventBus(kafka_settings, service="audit", version="1.0")
    bus.subscribe(handler=bus.publish)

    with pytest.raises(ConfigurationError, match="create it with"):
        async with asyncio.timeout(60):
            await bus.start()


async def test_the_command_says_in_one_line_that_nothing_answers(
    kafka_settings: KafkaSettings,
) -> None:
    nowhere = kafka_settings.model_copy(update={"bootstrap_servers": "127.0.0.1:1"})

    code, _, errors = await run(nowhere)

    assert code == 1
    assert "nothing answers at 127.0.0.1:1 (KAFKA_BOOTSTRAP_SERVERS)" in errors.splitlines()[-1]
    assert "Traceback" not in errors


async def run(settings: KafkaSettings, *arguments: str) -> tuple[int | None, str, str]:
    """Run the command as a person would, against the broker of the test."""
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": settings.topic_prefix,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *COMMAND.split()[1:],
        *arguments,
        cwd=REPOSITORY,
        env=service_environment(variables),
        stdout=PIPE,
        stderr=PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()
