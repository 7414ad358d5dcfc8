# SPDX-License-Identifier: Apache-2.0
"""States are the same from snapshots as from the first event, and cost the same anywhere."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import text

from services.persistence.queries.states import StateQueries
from services.persistence.snapshot import EVERY
from services.persistence.state import SessionState, evolve
from services.persistence.store.snapshots import Snapshots
from services.persistence.views.state import state_view
from shared.events import Event
from shared.ids import new_id
from tests.support.event_streams import disorder, history as history_of, long_history
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected

CHOICES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=3 * EVERY)


async def snapshots_of(history: TestHistory) -> list[int]:
    snapshots = Snapshots(history.database)
    while await snapshots.advance():
        pass
    return [row["sequence"] for row in await history.rows("snapshots")]


def fold(events: Sequence[Event]) -> Any:
    state = SessionState()
    for event in events:
        state = evolve(state, event)
    return state_view(events[0].aggregate_id, state).model_dump()


async def test_there_is_one_at_every_so_many_events(history: TestHistory) -> None:
    await history.take(*long_history("s", 5 * EVERY + 3))

    assert await snapshots_of(history) == [n * EVERY for n in range(1, 6)]


async def test_what_waits_behind_a_gap_is_in_none(history: TestHistory) -> None:
    """Holds that snapshots end at the version: take ``highest`` for it, and this fails."""
    events = long_history("s", 4 * EVERY)
    late = events[EVERY + 5]
    await history.take(*(event for event in events if event is not late))
    assert await snapshots_of(history) == [EVERY]

    await history.take(late)

    assert await snapshots_of(history) == [n * EVERY for n in range(1, 5)]
    state = await StateQueries(history.database).at("s", None)
    assert state_view("s", state).model_dump() == fold(events)


async def test_one_of_another_fold_is_replaced_and_not_used(history: TestHistory) -> None:
    """Holds the condition on ``fold``: leave it out, and the nonsense below is read."""
    events = long_history("s", 2 * EVERY)
    await history.take(*events)
    async with history.database.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO snapshots (aggregate_id, sequence, fold, latest_at, state)"
                " VALUES ('s', 32, 0, now(), 'nonsense')"
            )
        )

    state = await StateQueries(history.database).at("s", 60)

    assert state_view("s", state).model_dump() == fold(events[:60])
    assert await snapshots_of(history) == [EVERY, 2 * EVERY]


async def test_to_any_point_it_is_less_than_one_snapshot_apart(
    history: TestHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holds the use of snapshots: fold from the first event, and it is more."""
    await history.take(*long_history("s", 12 * EVERY))
    await snapshots_of(history)
    states = StateQueries(history.database)
    folded: list[int] = []

    def counting(state: SessionState, event: Event) -> SessionState:
        folded.append(event.sequence)
        return evolve(state, event)

    monkeypatch.setattr(
        "services.persistence.queries.states.evolve",
        counting,
    )

    for point in (1, EVERY + 7, 6 * EVERY + 7, 12 * EVERY):
        folded.clear()
        await states.at("s", point)
        assert len(folded) < EVERY


async def test_what_a_service_did_is_no_session(history: TestHistory) -> None:
    events = [
        event.model_copy(update={"aggregate_id": "service:audit/1"})
        for event in long_history("s", 2 * EVERY)
    ]
    await history.take(*events)

    assert await snapshots_of(history) == []


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(choices=CHOICES, data=st.data())
async def test_at_any_point_of_any_history_it_is_the_fold_of_all_events(
    history: TestHistory, choices: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Snapshots are taken while batches arrive with duplicates, gaps and late events."""
    session_id = str(new_id())
    events = [
        event.model_copy(
            update={
                "occurred_at": event.occurred_at + timedelta(seconds=data.draw(st.integers(-9, 9)))
            }
        )
        for event in history_of(session_id, choices)
    ]
    for batch in data.draw(disorder(events)):
        if batch:
            await history.take(*batch)
            await snapshots_of(history)
    states = StateQueries(history.database)

    for point in {1, len(events), data.draw(st.integers(1, len(events)))}:
        state = await states.at(session_id, point)
        assert state_view(session_id, state).model_dump() == fold(events[:point])

    moment = data.draw(st.sampled_from(events)).occurred_at
    until = next((n for n, each in enumerate(events) if each.occurred_at > moment), len(events))
    if until:
        state = await states.at(session_id, moment)
        assert state_view(session_id, state).model_dump() == fold(events[:until])
