# SPDX-License-Identifier: Apache-2.0
"""What is redriven and handled is told of; nothing else is."""

from dataclasses import replace

import pytest

from shared.errors import DependencyDownError, PermanentError
from shared.events import DeadLetterResolved, Event
from shared.messaging import Record, headers as names
from shared.messaging.resolutions import Resolutions
from tests.support.processing import TOPICS, Processing, record

RETRY = TOPICS.retry("audit")


class Published:
    """Notes what is published, and refuses so many times before."""

    def __init__(self, refusals: int = 0) -> None:
        self.events: list[Event] = []
        self.refusals = refusals

    async def publish(self, event: Event) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DependencyDownError("Kafka", "no answer")
        self.events.append(event)


def telling(published: Published) -> Processing:
    processing = Processing()
    processing.processor.on_handled = Resolutions(
        service="audit",
        aggregate_id="service:audit/1",
        retry_topic=RETRY,
        publish=published.publish,
    ).tell
    return processing


def redriven(sequence: int, *, topic: str = RETRY) -> Record:
    found = record("s-1", sequence)
    added = ((names.REDRIVE_ID, f"r-{sequence}".encode()), (names.REDRIVE_LETTER, b"letter-1"))
    return replace(found, topic=topic, headers=found.headers + added)


async def nothing(_: Event) -> None:
    return None


async def test_what_was_redriven_and_handled_is_told_of_with_the_event_it_was() -> None:
    published = Published()
    processing = telling(published)
    processing.handle(nothing)

    await processing.processor.process([record("s-1", 1), redriven(2)])

    [event] = published.events
    assert isinstance(event, DeadLetterResolved)
    assert (event.dead_letter_id, event.redrive_id, event.service) == ("letter-1", "r-2", "audit")
    assert (event.dead_aggregate_id, event.dead_sequence) == ("s-1", 2)
    assert str(event.causation_id) == event.dead_event_id


async def test_what_failed_again_is_not() -> None:
    """Safeguard: only what is no dead letter is told of."""
    published = Published()
    processing = telling(published)

    async def fail(_: Event) -> None:
        raise PermanentError("still wrong")

    processing.handle(fail)

    await processing.processor.process([redriven(2)])

    assert published.events == []
    assert len(processing.letters.written) == 1


@pytest.mark.parametrize("topic", [TOPICS.domain, TOPICS.retry("metrics")])
async def test_headers_on_another_topic_are_not_believed(topic: str) -> None:
    """P16: anybody can write them there. Safeguard: the comparison with the own retry topic."""
    published = Published()
    processing = telling(published)
    processing.handle(nothing)

    await processing.processor.process([redriven(2, topic=topic)])

    assert published.events == []


async def test_the_batch_ends_only_when_it_is_told() -> None:
    """Safeguard: it is awaited before ``process`` returns, which is before the commit."""
    published = Published(refusals=3)
    processing = telling(published)
    processing.handle(nothing)

    await processing.processor.process([redriven(2)])

    assert len(published.events) == 1
    assert len(processing.slept) == 3
