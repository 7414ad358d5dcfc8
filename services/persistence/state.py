# SPDX-License-Identifier: Apache-2.0
"""The state of a session at a point: what its events so far have led to. No I/O.

It is made by the same projections as the read models, so that it says of any point in the past what
they said then. It does not grow with the history: of messages it keeps the last ones, of turns the
last one and those that are not finished, and what belongs to them.
"""

from datetime import datetime

from services.persistence.projections import Key, Rows, project
from services.persistence.projections.approvals import APPROVALS
from services.persistence.projections.messages import MESSAGES
from services.persistence.projections.sessions import SESSIONS
from services.persistence.projections.tool_calls import TOOL_CALLS
from services.persistence.projections.turns import FINISHED, TURNS
from services.persistence.settling import UNDECIDED
from shared.events import Event

MESSAGES_KEPT = 20
AGENTS_KEPT = 50

FOLD = 1
"""Which fold this is. Raise it when a state comes out otherwise than before: a snapshot of another
fold is not gone on from."""


class SessionState:
    """A session after some of its events; it belongs to the fold that makes it.

    ``latest_at`` is the latest time in any of them, ``agents`` who was in charge until which event.
    """

    def __init__(self) -> None:
        self.rows = Rows()
        self.sequence = 0
        self.occurred_at: datetime | None = None
        self.latest_at: datetime | None = None
        self.agents: dict[str, int] = {}

    def after(self, event: Event) -> "SessionState":
        """Take the next event in, and return this state."""
        self.keep(event)
        self._forget()
        return self

    def keep(self, event: Event) -> "SessionState":
        """Take the next event in without forgetting anything, and return this state."""
        project(event, self.rows)
        self.sequence = event.sequence
        self.occurred_at = event.occurred_at
        if self.latest_at is None or event.occurred_at > self.latest_at:
            self.latest_at = event.occurred_at
        self._note_agent()
        return self

    def _note_agent(self) -> None:
        """Note until when an agent was in charge, the last one at the end."""
        for row in self.rows.of(SESSIONS).values():
            agent = row.get("agent")
            if agent:
                self.agents.pop(agent, None)
                self.agents[agent] = self.sequence

    def _forget(self) -> None:
        if len(self.agents) > AGENTS_KEPT:
            del self.agents[next(iter(self.agents))]
        messages = self.rows.of(MESSAGES)
        if len(messages) > MESSAGES_KEPT:
            self.rows.remove(MESSAGES, list(messages)[:-MESSAGES_KEPT])
        turns = self.rows.of(TURNS)
        if len(turns) > 1:
            last = list(turns)[-1]
            self._forget_turns(
                {key for key, row in turns.items() if key != last and row.get("status") in FINISHED}
            )

    def _forget_turns(self, turns: set[Key]) -> None:
        if not turns:
            return
        calls = [key for key in self.rows.of(TOOL_CALLS) if key[:2] in turns]
        approvals = [
            key
            for key, row in self.rows.of(APPROVALS).items()
            if (key[0], row.get("turn_id")) in turns and row.get("status") != UNDECIDED
        ]
        self.rows.remove(TURNS, turns)
        self.rows.remove(TOOL_CALLS, calls)
        self.rows.remove(APPROVALS, approvals)


def evolve(state: SessionState, event: Event) -> SessionState:
    """Return the state after ``event``: the reducer of a session."""
    return state.after(event)
