# SPDX-License-Identifier: Apache-2.0
"""How readers hear of what another process recorded."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.orchestrator.live import SessionFeed
from services.orchestrator.live.feed import TooManyReadersError
from shared.database import Database
from shared.settings import DatabaseSettings
from tests.support.databases import MigratedDatabase

pytestmark = pytest.mark.connected

CHANNEL = "orchestrator_outbox"
LONG = timedelta(seconds=30)
SESSION = (
    "INSERT INTO orchestrator.sessions (id, state, agent, title, created_by, created_at,"
    " updated_at, last_sequence, agent_sequence, message_count, turn_count)"
    " VALUES ('s', 'active', 'ask', '', 'ann', now(), now(), 1, 1, 0, 0)"
)


@asynccontextmanager
async def running_feed(database: MigratedDatabase) -> AsyncGenerator[SessionFeed]:
    settings = DatabaseSettings(url=SecretStr(database.url("orchestrator")))
    connections = Database(settings)
    feed = SessionFeed(connections, channel=CHANNEL, capacity=2)
    await feed.start()
    try:
        yield feed
    finally:
        await feed.stop()
        await connections.stop()


async def execute(database: MigratedDatabase, statement: str) -> None:
    driver: Any = asyncpg
    connection = await driver.connect(database.admin_url)
    await connection.execute(statement)
    await connection.close()


async def test_an_announcement_of_another_process_wakes_the_readers_of_its_session(
    migrated_database: MigratedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: LISTEN; the session does not even exist, so that looking cannot find it."""
    async with running_feed(migrated_database) as feed:
        mine, other = feed.open("s", text=False), feed.open("t", text=False)
        while not await mine.changed(timedelta(milliseconds=50)):
            await execute(migrated_database, f"SELECT pg_notify('{CHANNEL}', 's')")

        assert not await other.changed(timedelta(0))


async def test_what_was_not_announced_is_found_by_looking(
    migrated_database: MigratedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Safeguard: the poll of the feed."""
    monkeypatch.setattr("services.orchestrator.live.feed.POLL", timedelta(milliseconds=20))
    await execute(migrated_database, SESSION)
    async with running_feed(migrated_database) as feed:
        watch = feed.open("s", text=False)
        assert await watch.changed(LONG)
        watch.take()
        await execute(migrated_database, "UPDATE orchestrator.sessions SET last_sequence = 2")

        assert await watch.changed(LONG)


async def test_a_feed_takes_as_many_readers_as_it_may_and_none_when_it_stops(
    migrated_database: MigratedDatabase,
) -> None:
    async with running_feed(migrated_database) as feed:
        first, _ = feed.open("s", text=False), feed.open("s", text=False)
        with pytest.raises(TooManyReadersError):
            feed.open("s", text=False)
        feed.close(first)
        feed.close(first)
        last = feed.open("s", text=False)

        feed.drain()

        assert last.closed
        with pytest.raises(TooManyReadersError):
            feed.open("t", text=False)
