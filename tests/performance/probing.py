# SPDX-License-Identifier: Apache-2.0
"""Whether an event has arrived in the stores of all consumers, asked of the stores themselves.

Asking the services over HTTP would cost more than what is measured.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.sql import connected
from services.agent_context.store import document_key
from services.metrics.batch import session_key
from tests.support.redis_client import redis_client

PAUSE_SECONDS = 0.001

Ask = Callable[[str], Awaitable[int]]
"""Returns how many events of a session are visible."""


class Stores:
    """The stores of the four consumers; ``stores_of`` opens them."""

    def __init__(self, asks: list[Ask]) -> None:
        self._asks = asks

    async def visible(self, session_id: str, sequence: int) -> float:
        """Return at what time the last of all consumers had an event."""
        times = await asyncio.gather(*(_time(ask, session_id, sequence) for ask in self._asks))
        return max(times)


async def _time(ask: Ask, session_id: str, sequence: int) -> float:
    while await ask(session_id) < sequence:  # noqa: ASYNC110 -- another process writes there
        await asyncio.sleep(PAUSE_SECONDS)
    return perf_counter()


@asynccontextmanager
async def stores_of(addresses: StackAddresses) -> AsyncGenerator[Stores]:
    """Give the stores of a running stack."""
    admin = addresses.database_urls["postgres"]
    async with (
        connected(admin) as persistence,
        connected(admin) as audit,
        redis_client(addresses.redis_url) as context,
        redis_client(addresses.redis_url) as metrics,
    ):
        yield Stores(
            [
                _row(
                    persistence, "SELECT version FROM persistence.streams WHERE aggregate_id = $1"
                ),
                _row(audit, "SELECT max(sequence) FROM audit.entries WHERE session_id = $1"),
                _field(context, document_key, "sequence"),
                _field(metrics, session_key, "events"),
            ]
        )


def _row(connection: Any, query: str) -> Ask:
    async def ask(session_id: str) -> int:
        return await connection.fetchval(query, session_id) or 0

    return ask


def _field(redis: Any, key: Callable[[str], str], name: str) -> Ask:
    async def ask(session_id: str) -> int:
        return int(await redis.hget(key(session_id), name) or 0)

    return ask
