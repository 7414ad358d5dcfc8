# SPDX-License-Identifier: Apache-2.0
"""Takes out of all tables what was said in a session."""

from typing import Any

from sqlalchemy import delete, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.store.tables import (
    approvals,
    effects,
    idempotency_keys,
    outbox,
    sessions,
    steps,
    turns,
)
from shared.outbox.erasing import erase_records

_BLANK: dict[str, Any] = {
    "message": "",
    "reply": null(),
    "error": null(),
    "client_tools": null(),
}


async def erase_content(connection: AsyncConnection, session_id: str) -> None:
    """Remove what people and models said in a session, and what tools were given and gave.

    How many turns it had, when, and with which agents stays, and so does the number of each event
    that is yet to be published. To be done while the row of the session is locked; doing it twice
    does no harm.
    """
    for table in (approvals, effects, steps):  # in the order in which they refer to each other
        await connection.execute(delete(table).where(table.c.session_id == session_id))
    await connection.execute(update(turns).where(turns.c.session_id == session_id).values(_BLANK))
    await _forget_requests(connection, session_id)
    await erase_records(connection, outbox, outbox.records.c.key == session_id.encode())


async def unerased_forks(connection: AsyncConnection, session_id: str, *, limit: int) -> list[str]:
    """Return the sessions that were forked from a session and were not erased, oldest first.

    Those that were deleted are among them: their history still has what was said.
    """
    query = (
        select(sessions.c.id)
        .where(sessions.c.forked_from == session_id, sessions.c.erased_at.is_(None))
        .order_by(sessions.c.created_at, sessions.c.id)
        .limit(limit)
    )
    return list(await connection.scalars(query))


async def _forget_requests(connection: AsyncConnection, session_id: str) -> None:
    """Forget the digests of requests, from which short ones could be guessed; not of the order."""
    keys = idempotency_keys
    scope = f"/v1/sessions/{session_id}/"
    await connection.execute(
        delete(keys).where(
            keys.c.scope.startswith(scope, autoescape=True), keys.c.scope != f"{scope}erase"
        )
    )
    await connection.execute(
        update(keys)
        .where(keys.c.subject == session_id, keys.c.scope != f"{scope}erase")
        .values(request_digest="")
    )
