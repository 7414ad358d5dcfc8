# SPDX-License-Identifier: Apache-2.0
"""What replicas tell each other at once: stop working on a turn, or look for turns."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

CHANNEL = "orchestrator_turns"


async def announce_stopped(connection: AsyncConnection, turn_id: str) -> None:
    """Tell every replica, once this transaction has committed, that a turn is over."""
    await connection.execute(select(func.pg_notify(CHANNEL, turn_id)))


async def announce_work(connection: AsyncConnection) -> None:
    """Tell every replica, once this transaction has committed, that there may be turns to do."""
    await connection.execute(select(func.pg_notify(CHANNEL, "")))
