# SPDX-License-Identifier: Apache-2.0
"""The service between a real broker and a real database."""

from typing import Any

import pytest

from shared.events import HistoryErased, HistoryExported, HistoryImported
from shared.events.infrastructure.operations import OperationEvent
from shared.ids import new_id
from shared.messaging import decode
from shared.messaging.headers import ERROR_CLASS, ERROR_KIND
from shared.settings import KafkaSettings
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.exports import export_of
from tests.support.history_service import HistoryService, history_service
from tests.support.topic_reader import received, records_of

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


async def test_a_gap_and_a_duplicate_on_the_topic_are_told_and_a_late_event_closes_the_gap(
    migrated_database: MigratedDatabase,
    kafka_settings: KafkaSettings,
) -> None:
    """What is shown of a session ends before a gap, so that no wrong state looks right."""
    events = conversation()
    late = events[8]
    async with history_service(migrated_database, kafka_settings) as service:
        await service.publish([*events[:8], *events[9:], events[3]])
        await service.has_stored(len(events) - 1)

        async def told() -> dict[str, Any] | None:
            found: dict[str, Any] = (
                await service.client.get("/v1/correlations/request-session-1")
            ).json()
            return found if found["duplicates"] else None

        tree = await eventually(told)
        session = (await service.client.get("/v1/sessions/session-1")).json()
        gap = {"first": 9, "last": 9}
        assert (session["last_sequence"], session["gaps"]) == (8, [gap])
        assert tree["gaps"] == [{"aggregate_id": "session-1", "gaps": [gap]}]
        assert [each["sequence"] for each in tree["duplicates"]] == [4]
        figures = await service.counts()
        assert (figures["open_gaps"], figures["missing_events"]) == (1, 1)
        assert (figures["waiting_events"], figures["duplicates"]) == (len(events) - 9, 1)

        await service.publish([late])
        await service.has_stored(len(events))

        session = (await service.client.get("/v1/sessions/session-1")).json()
        assert (session["last_sequence"], session["gaps"]) == (len(events), [])
        verified = (await service.client.get("/v1/sessions/session-1/verification")).json()
        assert verified["verified"] is True
        assert (await service.counts())["open_gaps"] == 0


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


async def test_what_operators_had_done_is_on_the_topic_and_in_the_history(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    """Safeguard: ``Announcing`` is among the components of the service."""
    export = export_of(conversation())
    async with history_service(migrated_database, kafka_settings) as service:
        await service.client.post("/v1/imports", content=export)
        await service.client.get("/v1/sessions/session-1/export")
        await service.client.post("/v1/sessions/session-1/erase", json={"by": "ann"})

        await service.has_stored(len(conversation()) + 3)
        records = await records_of(kafka_settings, service.topics.infrastructure)

    told = [decode(received(each)) for each in records]
    assert [type(each) for each in told if isinstance(each, OperationEvent)] == [
        HistoryImported,
        HistoryExported,
        HistoryErased,
    ]
