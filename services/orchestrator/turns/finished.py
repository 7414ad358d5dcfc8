# SPDX-License-Identifier: Apache-2.0
"""Lets a request wait for the end of a turn, wherever the turn runs."""

import asyncio
import contextlib
from collections import defaultdict
from datetime import timedelta

from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.turns import find_turn
from shared.database import Database

ELSEWHERE = timedelta(milliseconds=250)
"""How often to look for the end of a turn that another replica runs."""


class FinishedTurns:
    """Wakes whoever waits for a turn that this process has worked on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    def tell(self, turn_id: str) -> None:
        """Say that this process works on the turn no more."""
        for event in self._waiting.get(turn_id, ()):
            event.set()

    async def wait(self, turn_id: str, *, limit: timedelta) -> Turn:
        """Return the turn when it has ended or waits for a person, at the latest after ``limit``.

        Raises:
            NotFoundError: there is no such turn.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit.total_seconds()
        event = asyncio.Event()
        self._waiting[turn_id].add(event)
        try:
            while True:
                async with self._database.connect() as connection:
                    turn = await find_turn(connection, turn_id)
                left = deadline - loop.time()
                if turn.state.ended or turn.state is TurnState.WAITING or left <= 0:
                    return turn
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, ELSEWHERE.total_seconds())):
                        await event.wait()
                event.clear()
        finally:
            self._waiting[turn_id].discard(event)
            if not self._waiting[turn_id]:
                del self._waiting[turn_id]
