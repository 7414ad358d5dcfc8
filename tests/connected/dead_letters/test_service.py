# SPDX-License-Identifier: Apache-2.0
import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from deploy.embedded.sql import connected
from shared.errors import TransientError
from shared.events import (
    BaseEvent,
    DeadLetterParked,
    DeadLetterRedriven,
    DeadLetterResolved,
    Event,
    EventCategory,
    MessageReceived,
)
from shared.messaging import KafkaEventBus, OutgoingRecord
from shared.messaging.headers import Headers
from shared.messaging.producer import KafkaProducer
from shared.retry import RetryPolicy
from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase
from tests.support.dead_letter_records import EVENT_HEADERS, failed, source_record
from tests.support.desk_service import JOINS_WITHIN, desk_service
from tests.support.eventually import eventually

pytestmark = pytest.mark.connected

AT_ONCE = RetryPolicy(max_attempts=2, initial_delay=timedelta(0))


@dataclass(slots=True)
class Consumer:
    """A service that may fail; it notes what reaches it."""

    bus: KafkaEventBus
    failing: bool = False
    tried: list[Event] = field(default_factory=list[Event])
    done: list[Event] = field(default_factory=list[Event])

    async def handle(self, event: MessageReceived) -> None:
        self.tried.append(event)
        if self.failing:
            raise TransientError("out of order")
        self.done.append(event)


@asynccontextmanager
async def consumer(
    kafka: KafkaSettings, service: str, *, failing: bool = False
) -> AsyncGenerator[Consumer]:
    found = Consumer(
        KafkaEventBus(kafka, service=service, version="1", retry=AT_ONCE), failing=failing
    )
    found.bus.subscribe(MessageReceived, found.handle)
    await found.bus.start()
    try:
        await eventually(lambda: found.bus.subscriber.joined, timeout=JOINS_WITHIN)
        yield found
    finally:
        await found.bus.stop()


@asynccontextmanager
async def producer(kafka: KafkaSettings) -> AsyncGenerator[KafkaProducer]:
    found = KafkaProducer(kafka, client_id="test")
    await found.start()
    try:
        yield found
    finally:
        await found.stop()


def message(session: str) -> MessageReceived:
    return MessageReceived(
        session_id=session, message_content="hello", message_length=5, sequence=1
    )


async def test_a_message_whose_handler_fails_is_redriven_to_that_service_alone(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    async with (
        desk_service(migrated_database, kafka_settings) as desk,
        consumer(kafka_settings, "metrics", failing=True) as metrics,
        consumer(kafka_settings, "audit") as audit,
    ):
        events: list[BaseEvent] = []
        audit.bus.subscribe(EventCategory.OPERATIONS, _appended_to(events))
        await metrics.bus.publish(message("s-1"))

        letter = await desk.only_letter("open")
        assert (letter["service"], letter["kind"], letter["attempts"]) == (
            "metrics",
            "exhausted",
            2,
        )
        assert letter["session_id"] == "s-1"

        await desk.redrive(letter["id"])
        again = await desk.only_letter("open")
        assert (again["id"], again["redrive_count"]) == (letter["id"], 1)

        await desk.redrive(letter["id"])
        parked = await desk.only_letter("parked")
        assert (parked["id"], parked["redrive_count"]) == (letter["id"], 2)

        metrics.failing = False
        await desk.redrive(letter["id"])
        await eventually(lambda: metrics.done, timeout=JOINS_WITHIN)
        resolved = await desk.only_letter("resolved")
        await eventually(lambda: len(events) >= 5, timeout=JOINS_WITHIN)

        assert len(metrics.tried) == 2 * 3 + 1
        assert len(audit.done) == 1, "no redrive reached the service that had no trouble"
        assert (resolved["id"], resolved["redrive_count"]) == (letter["id"], 3)
        by_desk = [each for each in events if each.aggregate_id == "service:dead_letters"]
        assert [type(each) for each in by_desk] == [
            DeadLetterRedriven,
            DeadLetterRedriven,
            DeadLetterParked,
            DeadLetterRedriven,
        ]
        assert [each.sequence for each in by_desk] == [1, 2, 3, 4]
        [told] = [each for each in events if isinstance(each, DeadLetterResolved)]
        assert (told.operator, told.dead_letter_id) == ("metrics", letter["id"])


def _appended_to(events: list[BaseEvent]) -> Callable[[BaseEvent], Any]:
    async def append(event: BaseEvent) -> None:
        events.append(event)

    return append


def _typed(name: str) -> Headers:
    kept = tuple(each for each in EVENT_HEADERS if each[0] != "ce_type")
    return (*kept, ("ce_type", name.encode()))


POISON: dict[bytes, tuple[bytes | None, Headers]] = {
    b"a header that is not UTF-8": (b"{}", (("ce_id", b"\xff\xfe"),)),
    b"a header that is null": (b"{}", (("ce_id", None),)),
    b"a header that is there twice": (b"{}", (("ce_id", b"1"), ("ce_id", b"2"))),
    b"no headers": (b"{}", ()),
    b"two megabytes": (bytes(range(256)) * 7680, EVENT_HEADERS),
    b"an empty value": (b"", EVENT_HEADERS),
    b"a tombstone": (None, EVENT_HEADERS),
    b"no JSON": (b"{\x00\xff", EVENT_HEADERS),
    b"an unknown type": (b"{}", _typed("agentruntime.domain.nope.v1")),
    b"a future version": (b"{}", _typed("agentruntime.domain.message_received.v999")),
}


async def test_poison_of_every_kind_goes_from_a_topic_to_the_desk_byte_for_byte(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    async with (
        desk_service(migrated_database, kafka_settings) as desk,
        consumer(kafka_settings, "metrics"),
        producer(kafka_settings) as outside,
    ):
        for key, (value, headers) in POISON.items():
            await outside.write(OutgoingRecord(desk.topics.domain, key, value, headers))

        async def all_are_there() -> bool:
            return len(await desk.letters()) == len(POISON)

        await eventually(all_are_there, timeout=JOINS_WITHIN)
        found = [await desk.get(f"/v1/dead-letters/{each['id']}") for each in await desk.letters()]

    assert {_bytes(each["key"]): _bytes(each["body"]) for each in found} == {
        key: value for key, (value, _) in POISON.items()
    }
    for letter in found:
        headers = POISON[_bytes(letter["key"]) or b""][1]
        shown = [(each["name"], _decoded(each["base64"])) for each in letter["headers"]]
        assert shown[: len(headers)] == list(headers), letter["key"]
        assert letter["kind"] in {"poison", "oversize"}
        assert letter["error_message"]


def _bytes(shown: dict[str, Any] | None) -> bytes | None:
    return _decoded(shown["base64"]) if shown else None


def _decoded(encoded: str | None) -> bytes | None:
    return None if encoded is None else base64.b64decode(encoded)


async def test_a_letter_that_cannot_be_kept_stops_the_desk_and_is_never_dead_lettered(
    migrated_database: MigratedDatabase, kafka_settings: KafkaSettings
) -> None:
    """Fails if an error left the sink: the bus would write the letter to the DLQ once more."""
    async with (
        desk_service(migrated_database, kafka_settings) as desk,
        producer(kafka_settings) as outside,
        connected(migrated_database.admin_url) as admin,
    ):
        await admin.execute(
            "ALTER TABLE dead_letters.letters ADD CONSTRAINT closed CHECK (false) NOT VALID"
        )
        await outside.write(failed(source_record(), topic=desk.topics.dead_letters))

        async def says_why() -> bool:
            response = await desk.client.get("/readyz")
            return "letters cannot be kept" in response.text

        await eventually(says_why, timeout=JOINS_WITHIN)
        await admin.execute("ALTER TABLE dead_letters.letters DROP CONSTRAINT closed")

        letter = await desk.only_letter("open")
        assert letter["deliveries"] == 1
        await eventually(desk.ready, timeout=JOINS_WITHIN)
        assert (await desk.get("/v1/counts"))["deliveries"] == 1
