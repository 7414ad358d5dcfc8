# SPDX-License-Identifier: Apache-2.0
"""Writes down what happened to a letter after it came."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.lifecycle import Action
from services.dead_letters.tables import actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened to a letter."""

    letter_id: UUID
    action: Action
    operator: str
    reason: str
    redrive_count: int
    at: datetime
    redrive_id: UUID | None = None


async def write_down(connection: AsyncConnection, entry: Entry) -> None:
    """Add the entry to the history of its letter."""
    await connection.execute(
        insert(actions).values(
            letter_id=entry.letter_id,
            action=entry.action,
            operator=entry.operator,
            reason=entry.reason,
            redrive_id=entry.redrive_id,
            redrive_count=entry.redrive_count,
            at=entry.at,
        )
    )
