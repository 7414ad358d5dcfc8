# SPDX-License-Identifier: Apache-2.0
"""What the orchestrator recorded, read from its outbox."""

from typing import Any

import asyncpg

from shared.events import Event
from shared.messaging import Record, decode


async def recorded_events(admin_url: str, *, session_id: str | None = None) -> list[Event]:
    """Return the recorded events, in order."""
    driver: Any = asyncpg
    connection = await driver.connect(admin_url)
    try:
        rows = await connection.fetch(
            "SELECT topic, key, value, headers FROM orchestrator.outbox ORDER BY position"
        )
    finally:
        await connection.close()
    events = [decode(_record(row)) for row in rows]
    return [each for each in events if session_id in {None, each.session_id}]


def _record(row: Any) -> Record:
    flat = row["headers"]
    headers = tuple(
        (name.decode(), value) for name, value in zip(flat[::2], flat[1::2], strict=True)
    )
    return Record(row["topic"], 0, 0, 0, row["key"], row["value"], headers)
