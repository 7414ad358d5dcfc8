# SPDX-License-Identifier: Apache-2.0
"""What is sent to those who follow a session: its events, in order, and text as it is written."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict

from pydantic_core import from_json, to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.api.following import follow
from services.orchestrator.api.sse import HELLO, PING, item
from services.orchestrator.api.turn_views import turn_view
from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import Turn
from services.orchestrator.live import Piece, Watch
from services.orchestrator.store.events import KeptEvent
from services.orchestrator.store.sessions import session_in
from services.orchestrator.store.turns import find_turn
from shared.database import Database
from shared.messaging.headers import CORRELATION_ID, readable
from shared.messaging.structured import structured


async def session_items(
    database: Database, watch: Watch, *, position: int, sequence: int
) -> AsyncGenerator[bytes]:
    """Yield the events of a session after ``sequence`` until it has ended, each once, in order."""

    async def read(connection: AsyncConnection) -> Session:
        return await session_in(connection, watch.session_id)

    yield HELLO
    async for look in follow(database, watch, position, read):
        if look is None:
            yield PING
            continue
        for text in _texts(look.pieces):
            yield text
        for event in look.events:
            if event.sequence != sequence + 1:
                yield item(to_json({"first_sequence": event.sequence}).decode(), event="reset")
            sequence = event.sequence
            yield _event(event)
        if look.complete and look.state.state is not SessionState.ACTIVE:
            yield item(to_json({"state": look.state.state}).decode(), event="end")
            return


async def turn_items(
    database: Database, watch: Watch, turn: Turn, *, position: int
) -> AsyncGenerator[bytes]:
    """Yield the events of a turn and its text until it has ended, and then the turn itself."""

    async def read(connection: AsyncConnection) -> Turn:
        return await find_turn(connection, turn.id)

    yield HELLO
    async for look in follow(database, watch, position, read):
        if look is None:
            yield PING
            continue
        for text in _texts([each for each in look.pieces if each.turn_id == turn.id]):
            yield text
        for event in look.events:
            if _belongs(event, turn):
                yield _event(event)
        if look.complete and look.state.state.ended:
            view = await turn_view(database, look.state)
            yield item(view.model_dump_json(), event="end")
            return


def _texts(pieces: Sequence[Piece]) -> list[bytes]:
    return [item(to_json(asdict(piece)).decode(), event="text") for piece in pieces]


def _event(event: KeptEvent) -> bytes:
    return item(structured(event.record), sequence=event.sequence)


def _belongs(event: KeptEvent, turn: Turn) -> bool:
    turn_id = from_json(event.record.value or b"{}").get("turn_id")
    if turn_id:
        return bool(turn_id == turn.id)
    return readable(event.record.headers).get(CORRELATION_ID) == turn.correlation_id
