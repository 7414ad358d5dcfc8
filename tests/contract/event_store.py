# SPDX-License-Identifier: Apache-2.0
"""What every event store promises; each implementation inherits this suite."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from shared.errors import DecodingError, DecodingProblem, PermanentError
from shared.events import AgentAssigned, Event, MessageReceived, Topics
from shared.eventstore import EventConflictError, EventStore, StreamConflictError
from shared.eventstore.entries import Coordinates
from shared.ids import new_id
from shared.messaging import Delivery, Record, deliver, encode, headers as names
from shared.messaging.headers import Headers
from tests.support.later_version import later_version

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def written(session_id: str, text: str = "hello", *, sequence: int = 0, **more: object) -> Event:
    """Return a message of a session."""
    fields = {
        "session_id": session_id,
        "message_content": text,
        "message_length": len(text),
        "sequence": sequence,
        **more,
    }
    return MessageReceived.model_validate(fields)


def delivered(event: Event, *, offset: int = 0, headers: Headers = ()) -> Delivery:
    """Return an event as Kafka brings it."""
    outgoing = encode(event, Topics())
    record = Record(
        topic=outgoing.topic,
        partition=3,
        offset=offset,
        timestamp=1_790_000_000_000,
        key=outgoing.key,
        value=outgoing.value,
        headers=(*outgoing.headers, *headers),
    )
    return Delivery(record, event)


def texts(state: list[str], event: Event) -> list[str]:
    """Collect the texts of messages."""
    return [*state, event.message_content] if isinstance(event, MessageReceived) else state


class EventStoreContract(ABC):
    @pytest.fixture
    @abstractmethod
    def store(self) -> EventStore: ...

    @pytest.fixture
    def stream(self) -> str:
        return f"session-{new_id()}"

    async def sequences(self, store: EventStore, stream: str, after: int = 0) -> list[int]:
        return [stored.sequence for stored in await store.get_events(stream, after)]

    async def replayed(
        self, store: EventStore, stream: str, until: datetime | int | None = None
    ) -> list[str]:
        return await store.replay_events(stream, until, reducer=texts, initial=[])

    # append

    async def test_append_numbers_events_from_one(self, store: EventStore, stream: str) -> None:
        first = await store.append(written(stream, "a"))
        second = await store.append([written(stream, "b"), written(stream, "c")])

        assert (first, second) == (1, 3)
        assert await self.sequences(store, stream) == [1, 2, 3]
        assert await store.version(stream) == 3

    async def test_append_gives_back_the_same_events(self, store: EventStore, stream: str) -> None:
        event = written(stream, "snow ☃", causation_id=new_id(), correlation_id="c-1")

        await store.append(event)

        [stored] = await store.get_events(stream)
        assert stored.event() == event.model_copy(
            update={"sequence": 1, "source": stored.event().source}
        )
        assert stored.coordinates is None
        assert (stored.event_id, stored.correlation_id) == (event.event_id, "c-1")
        assert stored.causation_id == event.causation_id

    async def test_append_at_a_stale_version_conflicts_and_writes_nothing(
        self, store: EventStore, stream: str
    ) -> None:
        await store.append([written(stream, "a")], expected_version=0)

        with pytest.raises(StreamConflictError, match=rf"'{stream}' is at version 1, not 0"):
            await store.append([written(stream, "b"), written(stream, "c")], expected_version=0)

        assert await self.sequences(store, stream) == [1]

    async def test_append_at_a_version_not_reached_conflicts(
        self, store: EventStore, stream: str
    ) -> None:
        with pytest.raises(StreamConflictError, match="is at version 0, not 3"):
            await store.append(written(stream), expected_version=3)

        assert await store.version(stream) == 0

    async def test_append_at_the_expected_version_goes_on(
        self, store: EventStore, stream: str
    ) -> None:
        await store.append(written(stream, "a"), expected_version=0)

        assert await store.append(written(stream, "b"), expected_version=1) == 2

    async def test_append_keeps_numbers_that_follow(self, store: EventStore, stream: str) -> None:
        await store.append([written(stream, sequence=1), written(stream, sequence=2)])

        assert await store.append(written(stream, sequence=3)) == 3
        with pytest.raises(StreamConflictError, match="is at version 3, not 4"):
            await store.append(written(stream, sequence=5))

    async def test_append_again_changes_nothing(self, store: EventStore, stream: str) -> None:
        await store.append(written(stream, "first"))
        events = [written(stream, "a"), written(stream, "b")]
        version = await store.append(events, expected_version=1)
        await store.append(written(stream, "last"))

        assert await store.append(events, expected_version=1) == version
        assert await store.append(events) == version
        assert await self.sequences(store, stream) == [1, 2, 3, 4]

    async def test_append_of_a_taken_id_conflicts_and_writes_nothing(
        self, store: EventStore, stream: str
    ) -> None:
        event = written(stream)
        await store.append(event)
        elsewhere = event.model_copy(
            update={"aggregate_id": "another", "session_id": "another", "sequence": 0}
        )

        with pytest.raises(EventConflictError, match=str(event.event_id)) as caught:
            await store.append([written("another"), elsewhere])

        assert [conflict.kind for conflict in caught.value.conflicts] == ["id_reused"]
        assert await store.get_events("another") == []

    @pytest.mark.parametrize(
        "events",
        [
            [],
            [written("a"), written("b")],
            [written("a", sequence=1), written("a", sequence=3)],
            [written("a"), written("a", sequence=1)],
        ],
    )
    async def test_append_takes_events_that_follow_in_one_stream(
        self, store: EventStore, events: Sequence[Event]
    ) -> None:
        with pytest.raises(ValueError, match="event"):
            await store.append(events)

    async def test_of_concurrent_writers_one_wins(self, store: EventStore, stream: str) -> None:
        await store.append(written(stream, "before"))

        outcomes = await asyncio.gather(
            *(store.append(written(stream, str(n)), expected_version=1) for n in range(8)),
            return_exceptions=True,
        )

        assert outcomes.count(2) == 1
        assert sum(isinstance(each, StreamConflictError) for each in outcomes) == 7
        assert await self.sequences(store, stream) == [1, 2]

    async def test_writers_that_expect_nothing_all_get_their_turn(
        self, store: EventStore, stream: str
    ) -> None:
        versions = await asyncio.gather(*(store.append(written(stream, str(n))) for n in range(8)))

        assert sorted(versions) == list(range(1, 9))
        assert await self.sequences(store, stream) == list(range(1, 9))

    # record

    async def test_record_keeps_bytes_headers_and_coordinates(
        self, store: EventStore, stream: str
    ) -> None:
        odd = (("x-blob", b"\xff\x00"), ("x-null", None), ("x-twice", b"1"), ("x-twice", b""))
        delivery = delivered(written(stream, sequence=1), offset=42, headers=odd)

        await store.record([delivery])

        [stored] = await store.get_events(stream)
        assert stored.coordinates == Coordinates("agent-runtime.domain", 3, 42)
        assert stored.record() == delivery.record
        assert stored.recorded_at.tzinfo is not None

    async def test_record_drops_what_is_known(self, store: EventStore, stream: str) -> None:
        deliveries = [delivered(written(stream, sequence=n), offset=n) for n in (1, 2, 3)]
        await store.record(deliveries[:2])

        await store.record([*deliveries, deliveries[2]])
        await store.record(deliveries)

        assert await self.sequences(store, stream) == [1, 2, 3]

    async def test_record_drops_the_same_event_from_elsewhere(
        self, store: EventStore, stream: str
    ) -> None:
        event = written(stream, sequence=1)
        await store.record([delivered(event, offset=1)])

        await store.record([delivered(event, offset=99, headers=(("x-redrive-id", b"7"),))])

        [stored] = await store.get_events(stream)
        assert stored.coordinates == Coordinates("agent-runtime.domain", 3, 1)

    async def test_record_refuses_another_event_at_a_taken_place(
        self, store: EventStore, stream: str
    ) -> None:
        first, other = written(stream, sequence=1), written(stream, sequence=1)
        await store.record([delivered(first)])

        with pytest.raises(EventConflictError, match=str(other.event_id)) as caught:
            await store.record([delivered(written(stream, sequence=2)), delivered(other)])

        assert [conflict.kind for conflict in caught.value.conflicts] == ["place_taken"]
        assert await self.sequences(store, stream) == [1]

    async def test_record_refuses_other_bytes_of_a_known_event(
        self, store: EventStore, stream: str
    ) -> None:
        event = written(stream, "true", sequence=1)
        await store.record([delivered(event)])

        with pytest.raises(EventConflictError, match="other bytes") as caught:
            await store.record([delivered(event.model_copy(update={"message_content": "false"}))])

        assert [conflict.kind for conflict in caught.value.conflicts] == ["bytes_differ"]
        assert await self.replayed(store, stream) == ["true"]

    async def test_record_refuses_a_known_id_under_another_type(
        self, store: EventStore, stream: str
    ) -> None:
        event = written(stream, sequence=1)
        await store.record([delivered(event)])
        record = delivered(event).record
        other = AgentAssigned.type_name().encode()
        headers = tuple(
            (name, other if name == names.TYPE else value) for name, value in record.headers
        )

        with pytest.raises(EventConflictError, match="other bytes"):
            await store.record([Delivery(replace(record, headers=headers), event)])

    async def test_record_knows_an_event_again_when_its_type_has_a_newer_version(
        self, store: EventStore, stream: str
    ) -> None:
        """Safeguard: ``written_type``; what came before an upgrade comes again after it."""
        event = written(stream, sequence=1)
        record = delivered(event).record
        await store.record([deliver(record)])

        with later_version(MessageReceived):
            await store.record([deliver(replace(record, offset=7))])
            await store.record([deliver(delivered(written(stream, sequence=2)).record)])

        stored = await store.get_events(stream, 0)
        versions = [each.type_name.rpartition(".")[2] for each in stored]
        assert versions == ["v1", "v2"]

    @pytest.mark.parametrize("at_once", [True, False])
    async def test_record_refuses_an_id_at_two_places(
        self, store: EventStore, stream: str, at_once: bool
    ) -> None:
        event = written(stream, sequence=1)
        moved = event.model_copy(update={"sequence": 2})
        if not at_once:
            await store.record([delivered(event)])

        with pytest.raises(EventConflictError, match="stored elsewhere"):
            await store.record([delivered(event), delivered(moved)])

        assert await self.sequences(store, stream) == ([] if at_once else [1])

    async def test_record_puts_early_events_where_they_belong(
        self, store: EventStore, stream: str
    ) -> None:
        for sequences in ([4, 2], [5], [1]):
            await store.record([delivered(written(stream, sequence=n)) for n in sequences])

        assert await self.sequences(store, stream) == [1, 2, 4, 5]
        assert await store.version(stream) == 2

        await store.record([delivered(written(stream, sequence=3))])

        assert await store.version(stream) == 5

    async def test_append_waits_for_gaps_to_close(self, store: EventStore, stream: str) -> None:
        await store.record([delivered(written(stream, sequence=n)) for n in (1, 3)])

        for expected in (None, 1):
            with pytest.raises(StreamConflictError, match=r"2, which is missing|at version 1"):
                await store.append(written(stream), expected)

        assert await self.sequences(store, stream) == [1, 3]

    async def test_recorders_at_the_same_time_neither_lose_nor_double(
        self, store: EventStore, stream: str
    ) -> None:
        """P11: no gaps. Safeguard: writers of a stream hold the lock of its head."""
        deliveries = [delivered(written(stream, sequence=n), offset=n) for n in range(1, 41)]
        batches = [deliveries[start : start + 12] for start in range(0, 40, 4)]

        await asyncio.gather(*(store.record(batch) for batch in [*batches, *reversed(batches)]))

        assert await self.sequences(store, stream) == list(range(1, 41))
        assert await store.version(stream) == 40

    async def test_record_takes_several_streams_at_once(self, store: EventStore) -> None:
        streams = [f"session-{new_id()}" for _ in range(3)]
        await store.record(
            [delivered(written(each, sequence=n)) for n in (1, 2) for each in streams]
        )

        assert [await store.version(each) for each in streams] == [2, 2, 2]

    @pytest.mark.parametrize(
        "changes",
        [
            {"sequence": 0},
            {"correlation_id": "a\0b"},
            {"aggregate_id": "a\0b"},
            {"occurred_at": datetime.fromisoformat("0001-01-01T00:00:00+14:00")},
        ],
    )
    async def test_record_refuses_what_cannot_be_stored_as_it_is(
        self, store: EventStore, stream: str, changes: dict[str, object]
    ) -> None:
        delivery = delivered(written(stream, sequence=1))
        event = written(stream, sequence=1).model_copy(update=changes)

        with pytest.raises(PermanentError):
            await store.record([Delivery(delivery.record, event)])

        assert await store.get_events(stream) == []

    async def test_record_refuses_what_holds_no_event(self, store: EventStore, stream: str) -> None:
        problem = DecodingError(DecodingProblem.JSON, "no JSON")
        record = delivered(written(stream, sequence=1)).record

        with pytest.raises(DecodingError, match="no JSON"):
            await store.record([Delivery(record, None, problem)])

    # get_events and replay_events

    async def test_get_events_begins_after_a_version(self, store: EventStore, stream: str) -> None:
        await store.append([written(stream, str(n)) for n in range(5)])

        assert await self.sequences(store, stream, after=3) == [4, 5]
        assert await self.sequences(store, stream, after=5) == []
        assert await self.sequences(store, f"{stream}-unknown") == []

    async def test_replay_folds_up_to_a_sequence(self, store: EventStore, stream: str) -> None:
        await store.append([written(stream, text) for text in "abc"])

        assert await self.replayed(store, stream) == ["a", "b", "c"]
        assert await self.replayed(store, stream, until=2) == ["a", "b"]
        assert await self.replayed(store, stream, until=0) == []
        assert await self.replayed(store, stream, until=99) == ["a", "b", "c"]

    @pytest.mark.parametrize("until", [None, 3, NOON + timedelta(days=1)])
    async def test_replay_goes_on_from_a_state(
        self, store: EventStore, stream: str, until: datetime | int | None
    ) -> None:
        events = [written(stream, text, occurred_at=NOON) for text in "abc"]
        await store.append(events)

        for after in range(4):
            known = list("abc")[:after]
            state = await store.replay_events(
                stream, until, reducer=texts, initial=known, after=after
            )
            assert state == ["a", "b", "c"]

    async def test_replay_up_to_a_moment_ends_before_the_first_later_event(
        self, store: EventStore, stream: str
    ) -> None:
        minutes = {"a": 0, "late clock": 5, "behind it": 1}
        events = [
            written(stream, text, occurred_at=NOON + timedelta(minutes=after))
            for text, after in minutes.items()
        ]
        await store.append(events)

        assert await self.replayed(store, stream, until=NOON - timedelta(seconds=1)) == []
        assert await self.replayed(store, stream, until=NOON) == ["a"]
        assert await self.replayed(store, stream, until=NOON + timedelta(minutes=2)) == ["a"]
        assert len(await self.replayed(store, stream, until=NOON + timedelta(minutes=5))) == 3

    async def test_replay_ends_before_a_gap(self, store: EventStore, stream: str) -> None:
        await store.record([delivered(written(stream, str(n), sequence=n)) for n in (1, 2, 4)])

        assert await self.replayed(store, stream) == ["1", "2"]

    async def test_replay_of_a_long_stream_leaves_nothing_out(
        self, store: EventStore, stream: str
    ) -> None:
        await store.append([written(stream, str(n)) for n in range(2_500)])

        state = await store.replay_events(
            stream, 2_400, reducer=lambda count, _: count + 1, initial=0
        )

        assert state == 2_400

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[
            HealthCheck.differing_executors,  # each implementation inherits this test
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )
    @given(data=st.data())
    async def test_however_events_arrive_they_end_up_the_same(
        self, store: EventStore, data: st.DataObject
    ) -> None:
        stream = f"session-{new_id()}"
        deliveries = [delivered(written(stream, str(n), sequence=n), offset=n) for n in range(1, 9)]
        arriving = data.draw(
            st.lists(st.lists(st.sampled_from(deliveries), min_size=1), max_size=6)
        )
        for batch in [*arriving, data.draw(st.permutations(deliveries))]:
            await store.record(batch)

        assert await self.replayed(store, stream) == [str(n) for n in range(1, 9)]
        assert [each.record() for each in await store.get_events(stream)] == [
            each.record for each in deliveries
        ]
