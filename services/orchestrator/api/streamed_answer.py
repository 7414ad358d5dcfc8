# SPDX-License-Identifier: Apache-2.0
"""The answer to a message, streamed while it is made."""

from fastapi import Response

from services.orchestrator.api.sse import EventStream
from services.orchestrator.api.streaming import turn_items
from services.orchestrator.commands.send_message import SendMessageCommand, SendMessageHandler
from services.orchestrator.domain.turn import Turn
from services.orchestrator.live import SessionFeed
from services.orchestrator.store.events import position_before
from shared.database import Database


async def streamed_answer(
    database: Database, feed: SessionFeed, send: SendMessageHandler, command: SendMessageCommand
) -> Response:
    """Accept a message and stream its turn; reading begins before, so as to miss no text."""
    watch = feed.open(command.session_id, text=True)
    try:
        turn = await send.handle(command)
        position = await _position(database, turn)
    except BaseException:
        feed.close(watch)
        raise
    items = turn_items(database, watch, turn, position=position)
    return EventStream(items, on_end=lambda: feed.close(watch))


async def _position(database: Database, turn: Turn) -> int:
    if turn.causation_id is None:
        return 0
    async with database.connect() as connection:
        return await position_before(connection, turn.session_id, turn.causation_id)
