# SPDX-License-Identifier: Apache-2.0
"""Read models are built again beside the live ones, under traffic, and come out the same."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from services.persistence.store.rebuilding import Rebuilding
from services.persistence.tables import NEXT, sessions
from shared.events import Event
from tests.support.conversations import conversation
from tests.support.event_streams import long_history
from tests.support.history import TestHistory, folded

pytestmark = pytest.mark.connected


async def finish(history: TestHistory) -> dict[str, Any]:
    rebuilding = Rebuilding(history.database)
    going_on = True
    while going_on:
        going_on = await rebuilding.advance()
    last: dict[str, Any] = (await history.client.get("/v1/rebuilds")).json()[0]
    return last


async def begin(history: TestHistory) -> None:
    assert (await history.client.post("/v1/rebuilds")).status_code == 202


def batches(events: list[Event], size: int) -> list[list[Event]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


async def test_under_live_writes_it_comes_out_row_for_row_as_the_live_one(
    history: TestHistory,
) -> None:
    """P12: Holds both writes of the sink and the last lock.

    Leave out the writes to the second set, or the streams taken in under the lock, and rows differ.
    """
    streams = [long_history(f"s{number}", 90) for number in range(12)]
    await history.take(*(event for events in streams for event in events[:30]))
    await begin(history)

    async def traffic() -> None:
        for one in zip(*(batches(events[30:], 7) for events in streams), strict=True):
            await history.take(*(event for batch in one for event in batch))
            await history.take(*long_history(f"new-{one[0][0].sequence}", 12))

    _, done = await asyncio.gather(traffic(), finish(history))

    assert (done["swapped"], done["differences"]) == (True, 0)
    everything = [event for events in streams for event in events]
    everything += [
        event
        for batch in batches(streams[0][30:], 7)
        for event in long_history(f"new-{batch[0].sequence}", 12)
    ]
    found = await history.read_models()
    assert {name: len(rows) for name, rows in found.items()} == {
        name: len(rows) for name, rows in folded(everything).items()
    }
    await begin(history)
    assert (await finish(history))["differences"] == 0


async def test_it_mends_what_was_wrong_and_says_that_it_was(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    async with history.database.begin() as connection:
        await connection.execute(update(sessions).values(messages=99))
    await begin(history)

    done = await finish(history)

    assert done["differences"] == 2
    assert await history.read_models() == folded(events)


async def test_nothing_is_seen_of_it_before_it_is_whole(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    await begin(history)

    assert await history.read_models() == folded(events)
    async with history.database.connect() as connection:
        assert (await connection.execute(select(NEXT["sessions"]))).all() == []


async def test_traffic_goes_on_after_it(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events[:9])
    await begin(history)
    await finish(history)

    await history.take(*events[9:])

    assert await history.read_models() == folded(events)


async def test_what_waits_behind_a_gap_stays_out(history: TestHistory) -> None:
    events = conversation()
    late = events[4]
    await history.take(*(event for event in events if event is not late))
    await begin(history)
    await finish(history)
    assert await history.read_models() == folded(events[:4])

    await history.take(late)

    assert await history.read_models() == folded(events)


async def test_one_at_a_time(history: TestHistory) -> None:
    await begin(history)

    assert (await history.client.post("/v1/rebuilds")).status_code == 409

    await finish(history)
    await begin(history)


async def test_another_copy_goes_on_with_what_one_left(history: TestHistory) -> None:
    events = conversation()
    await history.take(*events)
    await begin(history)
    await Rebuilding(history.database).advance()

    done = await finish(history)

    assert done["swapped"]
    assert await history.read_models() == folded(events)
