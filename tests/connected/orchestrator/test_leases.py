# SPDX-License-Identifier: Apache-2.0
"""Who records what happened in a turn: one replica at a time, however slow it is."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import insert

from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.tables import sessions
from services.orchestrator.store.turns import add_turn, claim_turns, leased_turn
from shared.database import Database
from shared.ids import new_id
from shared.settings import DatabaseSettings
from tests.support.databases import MigratedDatabase

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OVER = timedelta(seconds=-1)
LEASE = timedelta(minutes=1)


@pytest_asyncio.fixture(loop_scope="module")
async def store(database: MigratedDatabase) -> AsyncGenerator[Database]:
    store = Database(DatabaseSettings(url=SecretStr(database.url("orchestrator"))))
    await store.start()
    yield store
    await store.stop()


async def a_turn_of_a_slow_replica(store: Database) -> Turn:
    """Store a turn that a replica works on, and whose lease it has not renewed in time."""
    session = Session(
        id=str(new_id()),
        state=SessionState.ACTIVE,
        agent="ask",
        title="",
        created_by="ann",
        created_at=NOW,
        updated_at=NOW,
        last_sequence=0,
        agent_sequence=0,
        message_count=0,
        turn_count=1,
    )
    turn = Turn(
        id=str(new_id()),
        session_id=session.id,
        number=1,
        state=TurnState.RUNNING,
        agent="ask",
        message="hello",
        correlation_id="c-1",
        causation_id=None,
        trace=None,
        accepted_at=NOW,
        started_at=NOW,
        agent_started_at=NOW,
        asking_id=None,
        handovers=0,
        reply=None,
        error=None,
    )
    stored = {name: getattr(session, name) for name in Session.__slots__}
    stored |= {"usage": {}, "delegated_by": []}
    async with store.begin() as connection:
        await connection.execute(insert(sessions).values(**stored))
        await add_turn(connection, turn, owner="slow", lease=OVER)
    return turn


async def claimed(store: Database) -> list[Turn]:
    async with store.begin() as connection:
        return list(await claim_turns(connection, owner="quick", lease=LEASE, limit=1))


async def test_while_a_replica_records_nobody_takes_its_turn_also_if_it_is_slow(
    store: Database,
) -> None:
    """The safeguard is the lock in ``leased_turn``.

    Without it the other replica goes on from what was recorded before, records the same step once
    more, and the turn fails.
    """
    turn = await a_turn_of_a_slow_replica(store)

    async with store.begin() as recording:
        held = await leased_turn(recording, turn, owner="slow")
        meanwhile = await claimed(store)
    afterwards = await claimed(store)

    assert held == turn
    assert meanwhile == []
    assert [(each.id, each.lease_number) for each in afterwards] == [(turn.id, 1)]


async def test_a_replica_records_nothing_more_of_a_turn_that_was_taken_from_it(
    store: Database,
) -> None:
    turn = await a_turn_of_a_slow_replica(store)
    (taken,) = await claimed(store)

    async with store.begin() as recording:
        assert await leased_turn(recording, turn, owner="slow") is None
        assert await leased_turn(recording, taken, owner="quick") == taken
