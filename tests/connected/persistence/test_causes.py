# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on the topics is named in the tree of causes, and mended by what comes late."""

import pytest

from shared.events import Event, MessageReceived
from shared.ids import new_id
from shared.settings import KafkaSettings
from tests.support.conversations import Recorder
from tests.support.databases import MigratedDatabase
from tests.support.eventually import eventually
from tests.support.history_service import HistoryService, history_service

pytestmark = pytest.mark.connected

TREE = "/v1/correlations/c"


def messages(number: int) -> list[Event]:
    """Return events of which each is the cause of the next."""
    recorder = Recorder("one")
    cause: Event | None = None
    for _ in range(number):
        cause = recorder.add(
            MessageReceived,
            cause=cause,
            message_content="hi",
            message_length=2,
            correlation_id="c",
        )
    return recorder.events


async def named(service: HistoryService, kind: str) -> int:
    """Return how many problems of a kind the tree names."""
    response = await service.client.get(TREE)
    return len(response.json()[kind]) if response.status_code == 200 else 0


async def test_a_gap_and_a_duplicate_on_the_topic_are_named_and_a_late_event_closes_the_gap(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    """Safeguard: order is decided by number, and where an event was read is remembered."""
    events = messages(5)
    usurper = events[4].model_copy(update={"event_id": new_id()})
    async with history_service(migrated_database, kafka_settings) as service:
        await service.publish([*events[:2], *events[3:], events[0], usurper])

        for kind in ("gaps", "duplicates", "conflicts"):

            async def there(kind: str = kind) -> bool:
                return await named(service, kind) == 1

            await eventually(there, message=f"no {kind} were named")
        tree = (await service.client.get(TREE)).json()
        assert tree["gaps"] == [{"aggregate_id": "one", "gaps": [{"first": 3, "last": 3}]}]
        assert tree["orphans"] == [str(events[3].event_id)]
        assert tree["duplicates"][0]["event_id"] == str(events[0].event_id)
        assert tree["conflicts"][0]["event_id"] == str(usurper.event_id)

        await service.publish([events[2]])

        async def closed() -> bool:
            return await named(service, "gaps") == 0

        await eventually(closed, message="the late event closed no gap")
        tree = (await service.client.get(TREE)).json()
        assert tree["orphans"] == []
        assert [each["depth"] for each in tree["events"]] == [0, 1, 2, 3, 4]
