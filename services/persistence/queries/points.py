# SPDX-License-Identifier: Apache-2.0
"""Points of a session compared, and what was known at one."""

from datetime import datetime

from services.persistence.queries.states import StateQueries
from services.persistence.snapshot import freeze, thaw
from services.persistence.views.diff import Diff, diff_view
from services.persistence.views.knowledge import Knowledge, agent_knowledge
from services.persistence.views.state import state_view
from shared.database import Database
from shared.http import Problem

MAX_APART = 5_000
"""How many events may be between two points that are compared."""


class PointQueries:
    """Looks at a session from its points."""

    def __init__(self, database: Database) -> None:
        self._states = StateQueries(database)

    async def diff(
        self, session_id: str, begins: int | datetime | None, ends: int | datetime | None
    ) -> Diff:
        """Return what is different at the second point; it may be before the first.

        Raises:
            Problem: a point is not there, or they are too far apart.
        """
        one = await self._states.at(session_id, begins)
        other = await self._states.at(session_id, ends)
        forward = one.sequence <= other.sequence
        earlier, later = (one, other) if forward else (other, one)
        if later.sequence - earlier.sequence > MAX_APART:
            detail = f"points may be {MAX_APART} events apart, not more"
            raise Problem(422, "Invalid request", detail)
        before = state_view(session_id, earlier)
        whole = await self._states.kept(session_id, thaw(freeze(earlier)), later.sequence)
        after = state_view(session_id, whole)
        return diff_view(before, after) if forward else diff_view(after, before)

    async def knowledge(self, session_id: str, at: int | datetime | None) -> Knowledge:
        """Return what each agent that was in charge until a point knew."""
        now = await self._states.at(session_id, at)
        known = [
            agent_knowledge(
                agent,
                state_view(session_id, await self._states.at(session_id, sequence)),
                in_charge=sequence == now.sequence,
            )
            for agent, sequence in reversed(now.agents.items())
        ]
        return Knowledge(session_id=session_id, sequence=now.sequence, agents=known)
