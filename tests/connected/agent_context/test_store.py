# SPDX-License-Identifier: Apache-2.0
"""Every context is what its events say, on a real Redis."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from services.agent_context.context import Context
from services.agent_context.handlers import AgentContextSubscriber
from services.agent_context.limits import Limits
from services.agent_context.reader import Reader
from services.agent_context.store import (
    COUNTS,
    GENERATION,
    PREFIX,
    WAITING,
    ContextStore,
    document_key,
    waiting_key,
)
from shared.errors import PermanentError, TransientError
from shared.events import ConversationCompleted, Event, SessionCreated, SystemStartupEvent
from shared.ids import new_id
from shared.messaging import InProcessEventBus
from shared.rebuild import NotBuiltError
from tests.support.event_streams import delivered, disorder, histories, history, long_history

pytestmark = pytest.mark.connected

ON_A_SERVER = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def subscriber(
    store: ContextStore, *, max_early: int = 1000, **more: Any
) -> AgentContextSubscriber:
    return AgentContextSubscriber(store, Limits(window_tokens=200), max_early=max_early, **more)


async def documents(redis: Any) -> dict[bytes, bytes]:
    keys = [key async for key in redis.scan_iter(f"{PREFIX}session:*")]
    return {key: await redis.hget(key, "document") for key in keys}


async def context(store: ContextStore, session_id: str) -> Context:
    return (await store.read(session_id)).context()


@ON_A_SERVER
@given(data=st.data())
async def test_redelivery_duplicates_and_disorder_come_to_the_same_bytes(
    data: st.DataObject, store: ContextStore, redis: Any
) -> None:
    events = data.draw(histories())
    batches = data.draw(disorder(events))

    await emptied(redis)
    await subscriber(store).apply(delivered(events))
    expected = await documents(redis)
    await emptied(redis)
    for batch in [*batches, *batches]:
        await subscriber(store).apply(delivered(batch))

    assert await documents(redis) == expected
    counts = await store.counts()
    assert (counts.events, counts.waiting) == (len(events), 0)
    assert counts.sessions == len(expected)
    assert await subscriber(store).apply(delivered(events)) == len(events), "all were known"


async def test_appliers_at_the_same_time_come_to_the_same_bytes(
    store: ContextStore, redis: Any
) -> None:
    events = [event for each in range(5) for event in long_history(f"s{each}", 60)]
    await subscriber(store).apply(delivered(events))
    expected = await documents(redis)
    await emptied(redis)

    async def applier(seed: int) -> None:
        mixed = Random(seed).sample(events, len(events))  # noqa: S311 -- guards no secret
        for start in range(0, len(mixed), 23):
            await subscriber(store).apply(delivered(mixed[start : start + 23]))

    await asyncio.gather(*[applier(seed) for seed in range(3)])

    assert await documents(redis) == expected
    assert (await store.counts()).events == len(events)
    assert (await store.counts()).waiting == 0


async def test_appliers_that_share_the_events_of_a_session_lose_none(store: ContextStore) -> None:
    events = long_history("s", 200)
    levels = {event.level: [e for e in events if e.level is event.level] for event in events}

    async def applier(some: list[Event]) -> None:
        for event in some:
            await subscriber(store).apply(delivered([event]))

    await asyncio.gather(*[applier(some) for some in levels.values()])

    assert (await store.read("s")).sequence == 200
    assert (await store.counts()).waiting == 0


async def test_an_early_event_waits_until_the_gap_closes(store: ContextStore, redis: Any) -> None:
    one, two, three, four = delivered(long_history("s", 4))
    sink = subscriber(store)

    await sink.apply([one, four])
    await sink.apply([three, four])

    assert (await store.read("s")).sequence == 1
    assert (await store.counts()).waiting == 2
    assert await redis.pttl(waiting_key("s")) > 0
    await sink.apply([two])
    assert (await store.read("s")).sequence == 4
    assert not await redis.exists(waiting_key("s"), WAITING)


async def test_many_that_wait_are_all_applied_when_the_gap_closes(store: ContextStore) -> None:
    first, *others = delivered(long_history("s", 500))
    sink = subscriber(store)

    await sink.apply(others)
    await sink.apply([first])

    assert (await store.read("s")).sequence == 500
    assert (await store.counts()).waiting == 0


async def test_an_event_for_which_there_is_no_room_to_wait_is_a_permanent_error(
    store: ContextStore,
) -> None:
    first, *others = delivered(long_history("s", 6))
    sink = subscriber(store, max_early=3)
    await sink.apply(others[1:4])

    with pytest.raises(PermanentError, match="session s is at 0, and 3 events wait"):
        await sink.apply([others[4]])

    await sink.apply([first, others[0]])
    await sink.apply([others[4]])
    assert (await store.read("s")).sequence == 6


async def test_more_sessions_than_are_saved_at_once(store: ContextStore) -> None:
    events = [event for each in range(450) for event in history(f"s{each}", [])]

    await subscriber(store).apply(delivered(events))

    assert (await store.counts()).sessions == 450
    assert (await store.counts()).events == 900


async def test_events_of_no_session_are_passed_over(store: ContextStore) -> None:
    started = SystemStartupEvent(
        aggregate_id="service:audit/1",
        service="audit",
        instance="1",
        service_version="1",
        sequence=1,
    )

    await subscriber(store).apply(delivered([started]))

    assert (await store.counts()).events == 0


@pytest.mark.parametrize("key", [document_key("s"), waiting_key("s"), COUNTS, WAITING])
async def test_a_key_of_the_wrong_type_is_a_permanent_error_and_nothing_is_written(
    store: ContextStore, redis: Any, key: str
) -> None:
    events = delivered([*long_history("t", 4), *long_history("s", 4)])
    await redis.set(key, "spoilt")

    with pytest.raises(PermanentError):
        await subscriber(store).apply(events)

    assert {each.decode() for each in await redis.keys()} == {GENERATION, key}
    await redis.unlink(key)
    await subscriber(store).apply(events)
    assert (await store.read("s")).sequence == (await store.read("t")).sequence == 4


async def test_a_document_that_is_no_context_is_a_permanent_error(
    store: ContextStore, redis: Any
) -> None:
    await redis.hset(document_key("s"), mapping={"sequence": 1, "document": "spoilt"})

    with pytest.raises(PermanentError, match="session:s holds no context"):
        await subscriber(store).apply(delivered(long_history("s", 2)))


async def test_a_spoilt_key_costs_one_session_its_events_until_they_are_redriven(
    store: ContextStore, redis: Any
) -> None:
    bus = InProcessEventBus(service="agent_context")
    bus.subscribe_sink(subscriber(store))
    spoilt, healthy = history("spoilt", [])[:1], history("healthy", [])[:1]
    await redis.set(document_key("spoilt"), "x")

    for event in [*spoilt, *healthy]:
        await bus.publish(event)

    (letter,) = bus.dead_letters
    assert letter.key == b"spoilt"
    assert (await store.read("healthy")).sequence == 1
    await redis.unlink(document_key("spoilt"))
    await bus.publish(spoilt[0])
    assert (await store.read("spoilt")).sequence == 1


async def test_an_event_without_a_place_in_its_sequence_is_a_permanent_error(
    store: ContextStore,
) -> None:
    with pytest.raises(PermanentError, match="no place in its sequence"):
        await subscriber(store).apply(delivered([SessionCreated(session_id="s")]))


async def test_nothing_is_applied_or_read_while_the_contexts_are_incomplete(
    store: ContextStore, redis: Any
) -> None:
    """P13: not yet, and never wrong. Safeguard: the scripts look for the generation."""
    await redis.flushdb()
    events = delivered(long_history("s", 3))

    with pytest.raises(NotBuiltError):
        await subscriber(store).apply(events)
    with pytest.raises(NotBuiltError):
        await subscriber(store, token=str(new_id())).apply(events)
    with pytest.raises(NotBuiltError):
        await store.read("s")

    assert await redis.dbsize() == 0


async def test_a_context_passes_away_some_time_after_the_end_of_its_session(
    store: ContextStore, redis: Any
) -> None:
    events = long_history("s", 4)
    end = ConversationCompleted(session_id="s", total_messages=0, duration_seconds=0, sequence=5)

    await subscriber(store).apply(delivered(events))
    assert await redis.pttl(document_key("s")) == -1

    await subscriber(store).apply(delivered([end]))
    assert 0 < await redis.pttl(document_key("s")) <= 3_600_000


async def test_contention_without_end_is_a_transient_error(
    store: ContextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stale(changes: Any, *, token: str) -> list[str]:
        return [change.base.session_id for change in changes]

    monkeypatch.setattr(store, "save", stale)

    with pytest.raises(TransientError, match="others write the same 1 contexts"):
        await subscriber(store, spread=lambda: 0.0).apply(delivered(long_history("s", 3)))


async def test_a_reader_gets_the_sequence_it_waits_for(store: ContextStore) -> None:
    one, two, three = delivered(long_history("s", 3))
    await subscriber(store).apply([one])
    reader = Reader(store=store)

    behind = await reader.read("s", at_least=3)
    waiting = asyncio.create_task(reader.read("s", at_least=3, within=timedelta(seconds=20)))
    await subscriber(store).apply([two, three])

    assert behind.sequence == 1
    assert (await waiting).sequence == 3


async def test_a_deleted_session_leaves_nothing_that_anybody_wrote(
    store: ContextStore, redis: Any
) -> None:
    await subscriber(store).apply(delivered(history("s", [(1, 9), (0, 9), (21, 0)])))

    everything = b"".join([await redis.dump(key) or b"" for key in await redis.keys()])

    assert (await context(store, "s")).state == "deleted"
    assert b"answer" not in everything


async def emptied(redis: Any) -> None:
    await redis.flushdb()
    await redis.set(GENERATION, "1")
