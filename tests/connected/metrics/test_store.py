# SPDX-License-Identifier: Apache-2.0
"""Every event counts once, on a real Redis."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from services.metrics import names
from services.metrics.batch import PREFIX, TOTALS, session_key
from services.metrics.changes import Key
from services.metrics.figures import active_sessions
from services.metrics.ledger import Ledger
from services.metrics.ledgers import Ledgers, ledgers
from services.metrics.rollup import rollup
from services.metrics.session_lifecycle import session_lifecycle
from services.metrics.store import MetricsStore
from shared.errors import DependencyDownError, PermanentError
from shared.events import (
    ConversationCompleted,
    Event,
    LLMRequestFailedEvent,
    SessionCreated,
    SessionDeleted,
)
from shared.ids import new_id
from shared.rebuild import NotBuiltError
from shared.telemetry import Tracing
from tests.support.event_streams import disorder, histories, history, long_history

pytestmark = pytest.mark.connected

ON_A_SERVER = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def count(counting: Ledgers, events: list[Event]) -> None:
    for ledger in counting.all():
        await ledger.count(events)


async def figures(store: MetricsStore, sessions: Iterable[str | None]) -> tuple[Any, ...]:
    by_session = [await store.session(each) for each in sorted(map(str, sessions))]
    return await store.totals(), by_session


async def emptied(redis: Any) -> None:
    await redis.flushdb()
    await redis.set(f"{PREFIX}generation", "1")


@ON_A_SERVER
@given(data=st.data())
async def test_redelivery_duplicates_and_disorder_change_nothing(
    data: st.DataObject, store: MetricsStore, redis: Any
) -> None:
    events = data.draw(histories())
    batches = data.draw(disorder(events))
    sessions = {event.session_id for event in events}
    counting = ledgers(store)

    await emptied(redis)
    await count(counting, events)
    expected = await figures(store, sessions)
    await emptied(redis)
    for batch in [*batches, *batches]:
        await count(counting, batch)

    assert await figures(store, sessions) == expected
    assert await ledgers(store).totals.count(events) == len(events), "all were known"


async def test_the_totals_are_what_the_rollup_says(store: MetricsStore) -> None:
    events = long_history("s", 100)

    assert await store.add("totals", events, rollup) == 100

    assert await store.totals() == {**rollup(events, {}).totals, (names.SESSIONS_SEEN,): 1}


async def test_ledgers_remember_apart(store: MetricsStore) -> None:
    events = long_history("s", 10)

    assert await store.add("totals", events, rollup) == 10
    assert await store.add("domain", events, session_lifecycle) == 10
    assert await store.add("totals", events, rollup) == 0


async def test_two_appliers_at_the_same_time_count_everything_once(store: MetricsStore) -> None:
    events = [event for each in range(20) for event in long_history(f"s{each}", 50)]

    async def applier(seed: int) -> int:
        mixed = Random(seed).sample(events, len(events))  # noqa: S311 -- guards no secret
        batches = [mixed[start : start + 37] for start in range(0, len(mixed), 37)]
        return sum([await store.add("totals", batch, rollup) for batch in batches])

    assert sum(await asyncio.gather(*[applier(seed) for seed in range(4)])) == len(events)

    assert await store.totals() == {**rollup(events, {}).totals, (names.SESSIONS_SEEN,): 20}


async def test_the_figures_of_a_session_are_its_own(store: MetricsStore) -> None:
    await count(ledgers(store), [*long_history("one", 24), *long_history("two", 2)])

    one, two = await store.session("one"), await store.session("two")

    assert one is not None
    assert (one["events"], one["tool_calls"], one["input_tokens"]) == (24, 2, 300)
    assert two is not None
    assert two["events"] == 2
    assert await store.session("three") is None


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_session_is_active_until_it_is_over(store: MetricsStore, backwards: bool) -> None:
    ended: list[Event] = [
        SessionCreated(session_id="s", sequence=1),
        ConversationCompleted(session_id="s", total_messages=0, duration_seconds=0, sequence=2),
        SessionDeleted(session_id="s", sequence=3),
    ]
    domain = ledgers(store).domain
    await domain.count([SessionCreated(session_id="other", sequence=1)])

    for event in reversed(ended) if backwards else ended:
        await domain.count([event])

    totals = await store.totals()
    assert totals[names.SESSIONS_OVER,] == 1
    assert active_sessions(totals) == 1


@pytest.mark.slow
async def test_ten_thousand_sessions_do_not_make_more_figures(
    store: MetricsStore, redis: Any
) -> None:
    """P18: Safeguard: no total has a session in its key."""
    for start in range(0, 10_000, 500):
        events = [
            event
            for each in range(start, start + 500)
            for event in history(f"session-{each}", [(each, each % 10)])
        ]
        await count(ledgers(store), events)

    totals = await store.totals()
    assert totals[names.SESSIONS_SEEN,] == 10_000
    assert len(totals) < 150
    assert not [key for key in totals if "session-" in "".join(key)]
    assert await redis.dbsize() < 4 * 10_000 + 10


async def test_names_beyond_those_there_is_room_for_are_counted_as_other(redis: Any) -> None:
    await emptied(redis)
    store = MetricsStore(redis, Tracing.off(), retention=timedelta(days=1), max_label_values=3)
    calls: list[Event] = [failed_call(model=f"model-{n}", sequence=n) for n in range(1, 301)]

    for start in range(0, 300, 50):
        await store.add("totals", calls[start : start + 50], rollup)
    await store.add("totals", [failed_call(model="model-301", sequence=301)], rollup)

    requests = requests_by_model(await store.totals())
    assert len(requests) == 4
    assert requests["other"] == 298
    assert sum(requests.values()) == 301
    assert await redis.scard(f"{PREFIX}names:model") == 3


async def test_a_number_far_ahead_is_counted_and_takes_little_room(
    store: MetricsStore, redis: Any
) -> None:
    far = SessionCreated(session_id="s", sequence=2**50)

    assert await store.add("totals", [far], rollup) == 1
    assert await store.add("totals", [far], rollup) == 0

    used = [await redis.memory_usage(key) async for key in redis.scan_iter(f"{PREFIX}seen:*")]
    assert sum(used) < 9000


@pytest.mark.parametrize(
    ("key", "field"),
    [
        (TOTALS, None),
        (TOTALS, '["events_total","domain","session_created"]'),
        (session_key("s"), None),
        (session_key("s"), "events"),
        (session_key("s"), "first_at"),
        (f"{PREFIX}seen:sessions:s:0", "not a string"),
        (f"{PREFIX}names:agent", None),
    ],
)
async def test_a_key_that_holds_something_else_is_a_permanent_error_and_nothing_is_written(
    store: MetricsStore, redis: Any, key: str, field: str | None
) -> None:
    events = long_history("s", 24)
    healthy = long_history("t", 24)
    spoilt = redis.hset(key, field, "spoilt") if field else redis.set(key, "spoilt")
    await spoilt

    refused = [
        each for each in ledgers(store).all() if await is_refused(each, [*healthy, *events], redis)
    ]

    assert refused
    await redis.unlink(key)
    await count(ledgers(store), [*healthy, *events])
    assert (await store.session("s") or {})["events"] == 24
    assert (await store.session("t") or {})["events"] == 24


async def test_an_event_without_a_place_in_its_sequence_is_a_permanent_error(
    store: MetricsStore,
) -> None:
    with pytest.raises(PermanentError, match="no place in its sequence"):
        await store.add("totals", [SessionCreated(session_id="s")], rollup)

    assert await store.totals() == {}


async def test_nothing_is_counted_or_read_while_the_figures_are_incomplete(
    store: MetricsStore, redis: Any
) -> None:
    await redis.flushdb()

    with pytest.raises(NotBuiltError):
        await store.add("totals", long_history("s", 3), rollup)
    with pytest.raises(NotBuiltError):
        await store.add("totals", long_history("s", 3), rollup, token=str(new_id()))
    with pytest.raises(NotBuiltError):
        await store.totals()
    with pytest.raises(NotBuiltError):
        await store.session("s")

    assert await redis.dbsize() == 0
    assert issubclass(NotBuiltError, DependencyDownError)


async def test_figures_of_a_session_and_what_is_remembered_of_it_pass_away(
    store: MetricsStore, redis: Any
) -> None:
    await count(ledgers(store), long_history("s", 24))

    kept = {key: await redis.pttl(key) for key in await redis.keys(f"{PREFIX}se*")}

    assert len(kept) == 4
    assert all(0 < left <= timedelta(days=1).total_seconds() * 1000 for left in kept.values())
    assert await redis.pttl(TOTALS) == -1


async def is_refused(ledger: Ledger, events: list[Event], redis: Any) -> bool:
    before = await contents(redis)
    try:
        await ledger.count(events)
    except PermanentError:
        assert await contents(redis) == before
        return True
    return False


async def contents(redis: Any) -> dict[bytes, bytes]:
    return {key: await redis.dump(key) for key in await redis.keys()}


def failed_call(*, model: str, sequence: int) -> Event:
    return LLMRequestFailedEvent(
        session_id="s",
        sequence=sequence,
        model=model,
        duration_seconds=1,
        error_type="E",
        error_message="",
    )


def requests_by_model(totals: Any) -> dict[str, int]:
    found: dict[Key, int] = totals
    return {key[1]: amount for key, amount in found.items() if key[0] == names.LLM_REQUESTS}
