# SPDX-License-Identifier: Apache-2.0
"""Every event once, in order, whatever arrives in whatever way."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from deploy.embedded.sql import connected
from services.persistence.projections.fit import MAX_KEY
from shared.errors import DependencyDownError, PermanentError
from shared.events import Event, EventLevel, MessageReceived, SystemStartupEvent
from shared.eventstore import EventConflictError
from shared.ids import new_id
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.event_strategies import any_event
from tests.support.event_streams import (
    delivered,
    delivery,
    disorder,
    histories,
    long_history,
)
from tests.support.history import TestHistory, folded, history_on, moved

pytestmark = pytest.mark.connected


def of_level(events: Sequence[Event], level: EventLevel) -> list[Event]:
    return [event for event in events if event.level is level]


def another_at(event: Event, text: str = "something else") -> Event:
    return MessageReceived(
        session_id=event.aggregate_id,
        sequence=event.sequence,
        message_content=text,
        message_length=len(text),
        source=event.source,
    )


async def counted(history: TestHistory) -> int:
    return sum(row["events"] for row in await history.rows("event_counts"))


async def anomalies(history: TestHistory) -> list[tuple[str, int, int]]:
    rows = await history.rows("anomalies")
    return [(row["kind"], row["sequence"], row["times"]) for row in rows]


async def test_what_was_stored_before_is_counted_as_dropped(history: TestHistory) -> None:
    events = conversation()

    dropped = [await history.take(*batch) for batch in (events[:5], events[:5], events[3:8])]

    assert dropped == [0, 5, 2]


async def test_a_conversation_ends_up_in_all_read_models(history: TestHistory) -> None:
    events = conversation()

    await history.take(*events)

    assert await history.read_models() == folded(events)
    assert await history.places() == [("session-1", event.sequence) for event in events]
    assert await counted(history) == len(events)


async def test_duplicates_in_a_batch_count_once(history: TestHistory) -> None:
    events = conversation()

    await history.subscriber.apply([*delivered(events), *delivered(events)])

    assert await history.read_models() == folded(events)
    assert await counted(history) == len(events)
    assert await anomalies(history) == []


async def test_a_whole_batch_again_changes_nothing(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    before = await history.rows("events"), await history.read_models()

    await history.take(*events)

    assert (await history.rows("events"), await history.read_models()) == before
    assert await counted(history) == len(events)
    assert await anomalies(history) == []


async def test_batches_that_overlap_count_once(history: TestHistory) -> None:
    events = conversation()

    for start in range(0, len(events), 3):
        await history.take(*events[max(0, start - 4) : start + 3])

    assert await history.read_models() == folded(events)


async def test_the_same_event_from_elsewhere_is_noted_and_not_applied_again(
    history: TestHistory,
) -> None:
    events = conversation()
    await history.take(*events)
    again = moved(delivery(events[2]), topic="agent-runtime.persistence.retry", offset=7)

    await history.subscriber.apply([again])
    await history.subscriber.apply([again])
    await history.subscriber.apply([moved(again, offset=8)])

    assert await history.read_models() == folded(events)
    assert await anomalies(history) == [("duplicate", 3, 2)]


@pytest.mark.parametrize("first", list(EventLevel))
async def test_the_topics_may_come_one_after_the_other(
    history: TestHistory, first: EventLevel
) -> None:
    events = conversation()
    last = next(level for level in EventLevel if level is not first)

    await history.take(*of_level(events, first))
    await history.take(*of_level(events, last))

    assert await history.read_models() == folded(events)


async def test_an_early_event_is_stored_and_projected_when_the_gap_closes(
    history: TestHistory,
) -> None:
    events = conversation()
    late = events[5]

    await history.take(*(event for event in events if event is not late))

    assert len(await history.places()) == len(events) - 1
    assert await history.read_models() == folded(events[:5])

    await history.take(late)

    assert await history.read_models() == folded(events)


async def test_a_batch_may_close_one_gap_and_open_another(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[4:8], *events[10:12])

    await history.take(*events[:4], *events[8:9], events[-1])

    assert await history.read_models() == folded(events[:9])

    await history.take(events[9])

    assert await history.read_models() == folded(events[:12])


async def test_a_gap_behind_which_thousands_wait_closes(history: TestHistory) -> None:
    events = long_history("long", 2_600)
    await history.take(*events[1:])

    await history.take(events[0])

    assert await history.read_models() == folded(events)


async def test_time_has_no_say_in_the_order(history: TestHistory) -> None:
    """P17: Safeguard: events are taken by their places."""
    events = conversation()
    skewed = [
        event.model_copy(update={"occurred_at": other.occurred_at})
        for event, other in zip(events, reversed(events), strict=True)
    ]

    await history.take(*reversed(skewed))

    assert await history.read_models() == folded(skewed)


async def test_another_event_at_a_taken_place_is_refused_and_noted(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:4])
    usurper = another_at(events[2])

    for _ in range(2):
        with pytest.raises(PermanentError, match=str(usurper.event_id)):
            await history.take(events[4], usurper)

    assert await history.read_models() == folded(events[:4])
    assert await anomalies(history) == [("place_taken", 3, 1)]


async def test_other_bytes_under_a_known_id_are_refused_and_noted(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    asked = next(event for event in events if isinstance(event, MessageReceived))
    forged = asked.model_copy(update={"message_content": "delete everything"})

    with pytest.raises(EventConflictError, match="other bytes"):
        await history.take(forged)

    assert await history.read_models() == folded(events)
    assert await anomalies(history) == [("bytes_differ", asked.sequence, 1)]


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_id_at_two_places_is_refused_and_noted(
    history: TestHistory, at_once: bool
) -> None:
    events = conversation()
    moved_event = events[2].model_copy(update={"sequence": 99})
    if not at_once:
        await history.take(*events)

    with pytest.raises(EventConflictError, match="stored elsewhere"):
        await history.take(*events, moved_event)

    assert len(await history.places()) == (0 if at_once else len(events))
    assert await anomalies(history) == [("id_reused", 99, 1)]


async def test_a_batch_of_5000_events_of_many_sessions(history: TestHistory) -> None:
    sessions = [long_history(f"session-{number}", 100) for number in range(50)]
    mixed = [event for events in zip(*sessions, strict=True) for event in events]

    await history.take(*mixed)

    assert len(await history.places()) == 5_000
    assert await history.read_models() == folded(mixed)
    assert await counted(history) == 5_000


async def test_appliers_at_the_same_time_neither_lose_nor_double(
    migrated_database: MigratedDatabase,
) -> None:
    events = long_history("shared", 200)
    topics = [of_level(events, level) for level in EventLevel]
    batches = [topic[start : start + 15] for topic in topics for start in range(0, len(topic), 10)]
    async with (
        history_on(migrated_database) as one,
        history_on(migrated_database) as two,
        history_on(migrated_database) as three,
    ):
        await asyncio.gather(
            *(
                each.take(*batch)
                for number, batch in enumerate([*batches, *reversed(batches)])
                for each in [(one, two, three)[number % 3]]
            )
        )

        assert await one.read_models() == folded(events)
        assert await counted(one) == 200


async def test_events_of_a_service_are_stored_and_belong_to_no_session(
    history: TestHistory,
) -> None:
    startup = SystemStartupEvent(
        aggregate_id="service:audit/1",
        sequence=1,
        service="audit",
        instance="1",
        service_version="0.1.0",
        source="/audit/1",
    )

    await history.take(startup)

    assert await history.places() == [("service:audit/1", 1)]
    assert await history.rows("sessions") == []


async def test_a_batch_is_applied_whole_or_not_at_all(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    events = conversation()
    async with connected(migrated_database.admin_url) as owner:
        await owner.execute("REVOKE INSERT ON persistence.approvals FROM persistence")
        with pytest.raises(Exception, match="permission denied"):
            await history.take(*events)
        assert await history.places() == []
        assert await history.rows("sessions") == []
        await owner.execute("GRANT INSERT ON persistence.approvals TO persistence")

    await history.take(*events)

    assert await history.read_models() == folded(events)


async def test_a_lost_connection_is_a_dependency_that_is_down(
    history: TestHistory, migrated_database: MigratedDatabase
) -> None:
    events = conversation()
    await history.take(*events[:3])
    async with connected(migrated_database.admin_url) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'persistence' AND datname = current_database()"
        )

    with pytest.raises(DependencyDownError):
        await history.take(*events)
    await history.take(*events)

    assert await history.read_models() == folded(events)


async def test_what_no_column_takes_is_bounded_and_stays_exact_in_the_event(
    history: TestHistory,
) -> None:
    events = conversation()
    asked = next(event for event in events if isinstance(event, MessageReceived))
    odd = asked.model_copy(
        update={
            "message_content": "a\0b\ud7ff",
            "turn_id": "".join(sha256(bytes([n])).hexdigest() for n in range(100)),
            "message_length": 2**70,
        }
    )
    place = odd.sequence - 1

    await history.take(*events[:place], odd)

    [message] = await history.rows("messages")
    assert message["content"] == "a\ufffdb\ud7ff"
    [turn] = await history.rows("turns")
    assert len(turn["turn_id"]) <= MAX_KEY
    [stored] = [row for row in await history.rows("records") if row["sequence"] == odd.sequence]
    assert stored["value"] == delivery(odd).record.value


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_whatever_way_histories_arrive_the_read_models_are_their_fold(
    history: TestHistory, data: st.DataObject
) -> None:
    run = str(new_id())
    drawn = [_in_run(event, run) for event in data.draw(histories())]
    for batch in data.draw(disorder(drawn)):
        if batch:
            await history.take(*batch)

    found = await history.read_models()

    assert {
        name: [row for row in rows if row["session_id"].startswith(run)]
        for name, rows in found.items()
    } == folded(drawn)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(event=any_event())
async def test_any_event_that_can_be_read_can_be_stored_and_projected(
    history: TestHistory, event: Event
) -> None:
    session_id = str(new_id())
    place = {"aggregate_id": session_id, "session_id": session_id, "sequence": 1}
    taken = event.model_copy(update={**place, "event_id": new_id(), "correlation_id": "c"})

    await history.take(taken)

    [stored] = [row for row in await history.rows("sessions") if row["session_id"] == session_id]
    assert stored["last_sequence"] == 1


def _in_run(event: Event, run: str) -> Event:
    session_id = f"{run}-{event.aggregate_id}"
    place = {"aggregate_id": session_id, "session_id": session_id, "event_id": new_id()}
    return event.model_copy(update=place)
