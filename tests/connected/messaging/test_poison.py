# SPDX-License-Identifier: Apache-2.0
"""Any bytes at all on a topic end in the dead letter queue, and the consumer moves on."""

import json
from dataclasses import replace

import pytest

from shared.events import Event, MessageReceived, Topics
from shared.messaging import KafkaEventBus, OutgoingRecord, encode, headers as names
from shared.messaging.headers import Headers, readable
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.contract.event_bus import QUICK
from tests.support.eventually import eventually
from tests.support.factories import an_event
from tests.support.kafka_bus import committed, running
from tests.support.topic_reader import records_of

pytestmark = pytest.mark.connected

MEBIBYTE = 1024 * 1024
EVENT = an_event(MessageReceived).recorded(sequence=1, source="/test")


def changed(record: OutgoingRecord, name: str, value: bytes | None) -> Headers:
    return tuple((each, value if each == name else old) for each, old in record.headers)


def poison(good: OutgoingRecord) -> dict[str, OutgoingRecord]:
    """Return every kind of record that holds no event, by what has to be said of it."""
    domain = "agentruntime.domain"
    return {
        "the header 'ce_id' is null": replace(good, headers=changed(good, names.ID, None)),
        "the header 'ce_source' is not UTF-8": replace(
            good, headers=changed(good, names.SOURCE, b"\xff\xfe")
        ),
        "the header 'ce_id' is there twice": replace(
            good, headers=(*good.headers, (names.ID, b"again"))
        ),
        "ce_specversion has to be there and '1.0'": replace(good, headers=()),
        "the value is null": replace(good, value=None),
        "the value is empty": replace(good, value=b""),
        "the value is not JSON": replace(good, value=b"{not json"),
        f"{2 * MEBIBYTE - 4096} bytes are more than": replace(
            good, value=b"x" * (2 * MEBIBYTE - 4096)
        ),
        "no event has the type": replace(
            good, headers=changed(good, names.TYPE, f"{domain}.unheard_of.v1".encode())
        ),
        "is newer than version 1": replace(
            good, headers=changed(good, names.TYPE, f"{domain}.message_received.v9".encode())
        ),
        "the value is JSON, but not an object": OutgoingRecord(
            good.topic, None, b"[]", good.headers
        ),
        "message_length: Field required": replace(good, value=b'{"session_id": "s"}'),
    }


def nothing_at_all(topic: str) -> OutgoingRecord:
    return OutgoingRecord(topic, None, None, ())


async def test_poison_of_every_kind_is_dead_lettered_byte_for_byte_and_the_rest_is_handled(
    kafka_settings: KafkaSettings,
) -> None:
    """P1: any bytes at all. Safeguard: what holds no event is dead-lettered before any handler."""
    await ensure_topics(kafka_settings)
    topics = Topics(kafka_settings.topic_prefix)
    good = encode(EVENT, topics)
    records = poison(good)
    handled: list[Event] = []
    bus = KafkaEventBus(kafka_settings, service="audit", version="1.0", retry=QUICK)

    @bus.subscribe()
    async def handle(event: Event) -> None:
        handled.append(event)

    async with running(bus):
        await bus.producer.write_all(
            [*records.values(), nothing_at_all(topics.domain), structured(good)]
        )
        await eventually(lambda: bus.get_stats().consumed == len(records) + 2, timeout=30)
        await eventually_committed(bus, topics.domain, len(records) + 2)
    letters = await records_of(kafka_settings, topics.dead_letters)

    assert handled == [EVENT]
    assert len(letters) == len(records) + 1
    for reason, record in records.items():
        found = [
            letter
            for letter in letters
            if reason in readable(letter.headers)[names.ERROR_MESSAGE]
            and (letter.key, letter.value) == (record.key, record.value)
        ]
        assert len(found) == 1, reason
        assert tuple(found[0].headers[: len(record.headers)]) == record.headers
        assert readable(found[0].headers)[names.ERROR_KIND] in {"poison", "oversize"}


async def eventually_committed(bus: KafkaEventBus, topic: str, records: int) -> None:
    async def all_committed() -> bool:
        return await committed(bus, topic) == records

    await eventually(all_committed, message="the offsets were not committed")


def structured(good: OutgoingRecord) -> OutgoingRecord:
    """Return the same event as a CloudEvent in structured mode."""
    assert good.value is not None
    attributes = {
        name.removeprefix("ce_"): value
        for name, value in readable(good.headers).items()
        if name.startswith("ce_")
    }
    return OutgoingRecord(
        good.topic,
        good.key,
        json.dumps({**attributes, "data": json.loads(good.value)}).encode(),
        ((names.CONTENT_TYPE, b"application/cloudevents+json; charset=utf-8"),),
    )
