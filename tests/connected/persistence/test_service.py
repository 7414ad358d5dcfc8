# SPDX-License-Identifier: Apache-2.0
"""The service between a real broker and a real database."""

import pytest

from shared.ids import new_id
from shared.messaging.headers import ERROR_CLASS, ERROR_KIND
from shared.settings import KafkaSettings
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.history_service import HistoryService, history_service
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected


async def dead_letters(service: HistoryService, kafka: KafkaSettings) -> list[dict[str, bytes]]:
    return [dict(record.headers) for record in await records_of(kafka, service.topics.dead_letters)]


async def test_what_is_published_is_there_once_and_stays_after_a_restart(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    events = conversation()
    async with history_service(migrated_database, kafka_settings) as service:
        await service.publish([*events, *events[:5]])
        await service.has_stored(len(events))
        session = (await service.client.get("/v1/sessions/session-1")).json()

    async with history_service(migrated_database, kafka_settings) as service:
        await service.publish(conversation("session-2"))
        await service.has_stored(2 * len(events))

        assert (await service.client.get("/v1/sessions/session-1")).json() == session
        assert session["last_sequence"] == len(events)
        assert await dead_letters(service, kafka_settings) == []


async def test_what_cannot_be_taken_is_a_dead_letter_and_stops_nobody(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    events, other = conversation(), conversation("session-2")
    usurper = events[2].model_copy(update={"event_id": new_id()})
    async with history_service(migrated_database, kafka_settings) as service:
        await service.publish(events[:4])
        await service.has_stored(4)
        await service.write(service.topics.domain, b"no event at all")
        await service.publish([usurper, *events[4:], *other])
        await service.has_stored(len(events) + len(other))

        async def letters() -> list[dict[str, bytes]]:
            found = await dead_letters(service, kafka_settings)
            return found if len(found) == 2 else []

        found = await eventually(letters)
        assert sorted(each[ERROR_KIND] for each in found) == [b"fatal", b"poison"]
        assert any(each[ERROR_CLASS].endswith(b"EventConflictError") for each in found)
        assert (await service.counts())["conflicts"] == 1
        assert (await service.counts())["open_gaps"] == 0
        assert await service.ready()
