# SPDX-License-Identifier: Apache-2.0
"""A session: what it is, and what may happen to it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.orchestrator.domain.budget import Budget
from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.domain.fork import Fork
from services.orchestrator.domain.usage import Usage
from shared.errors import ConflictError


class SessionState(StrEnum):
    """Whether a session still goes on, and if not, how it ended."""

    ACTIVE = "active"
    COMPLETED = "completed"
    EXPIRED = "expired"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation between people and agents.

    ``last_sequence`` is the number of its last event; ``agent_sequence`` that of the event which
    gave it its current agent. ``delegated_by`` are the agents that handed over since a person chose
    one: their approval rules go on to hold. ``budget`` bounds this session in addition to what
    bounds all. ``model``, if set, is asked in place of those of the agents. ``client_tools`` are
    those that its client runs, whatever the agent. At ``erased_at``, all that was said was erased.
    """

    id: str
    state: SessionState
    agent: str
    title: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    last_sequence: int
    agent_sequence: int
    message_count: int
    turn_count: int
    paused: bool = False
    delegated_by: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    budget: Budget | None = None
    model: str | None = None
    forked_from: str | None = None
    fork: Fork | None = None
    client_tools: tuple[ClientTool, ...] = ()
    erased_at: datetime | None = None

    def require_active(self) -> None:
        """Return if the session goes on.

        Raises:
            ConflictError: it has ended.
        """
        if self.state is not SessionState.ACTIVE:
            raise ConflictError(f"the session is {self.state}, so nothing can be added to it")
