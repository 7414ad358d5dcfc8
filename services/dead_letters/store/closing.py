# SPDX-License-Identifier: Apache-2.0
"""Closes a letter on the word of an operator."""

from datetime import datetime
from typing import Literal

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.lifecycle import Action, Status
from services.dead_letters.store.history import Entry, write_down
from services.dead_letters.store.locked_letter import LockedLetter
from services.dead_letters.tables import letters
from services.dead_letters.views import DiscardRequest, EditRequest


async def close_letter(
    connection: AsyncConnection,
    letter: LockedLetter,
    action: Literal[Action.DISCARDED, Action.EDITED],
    wish: DiscardRequest | EditRequest,
    now: datetime,
) -> None:
    """Give the letter the status that the action leads to, and write it down."""
    await connection.execute(
        update(letters)
        .where(letters.c.id == letter.id)
        .values(status=Status(action), updated_at=now)
    )
    entry = Entry(
        letter_id=letter.id,
        action=action,
        operator=wish.operator,
        reason=wish.reason,
        redrive_count=letter.redrive_count,
        at=now,
    )
    await write_down(connection, entry)
