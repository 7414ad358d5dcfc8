# SPDX-License-Identifier: Apache-2.0
"""Looks at a session each time something happens in it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.live import Piece, Watch
from services.orchestrator.store.events import KeptEvent, kept_events
from shared.database import Database
from shared.errors import TransientError

HEARTBEAT = timedelta(seconds=15)
PAGE = 200

StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Generic[StateT]):
    """What is new since the look before: text, events, and the state that was read before them.

    So if the state says that all is over, the events are ``complete`` when no more were left.
    """

    pieces: Sequence[Piece]
    events: Sequence[KeptEvent]
    state: StateT
    complete: bool


async def follow(
    database: Database,
    watch: Watch,
    position: int,
    read: Callable[[AsyncConnection], Awaitable[StateT]],
) -> AsyncGenerator[Look[StateT] | None]:
    """Yield what is new from a position on, and None as a sign of life where nothing is.

    It ends when the server stops, or the database is down: the reader may go on from its last event
    at any replica.
    """
    while not watch.closed:
        pieces = watch.take()
        try:
            async with database.connect() as connection:
                state = await read(connection)
                events = await kept_events(
                    connection, watch.session_id, behind=position, limit=PAGE
                )
        except TransientError:
            return
        position = events[-1].position if events else position
        complete = len(events) < PAGE
        yield Look(pieces=pieces, events=events, state=state, complete=complete)
        if complete and not await watch.changed(HEARTBEAT):
            yield None
