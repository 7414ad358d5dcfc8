# SPDX-License-Identifier: Apache-2.0
"""What agents do for a session."""

from typing import Literal

from pydantic import Field

from shared.events.base import DomainEvent


class AgentAssigned(DomainEvent):
    """An agent took the task over."""

    agent_type: str
    reason: str


class AgentSwitchRequested(DomainEvent):
    """An agent, or a person, asked that another agent goes on."""

    from_agent: str
    to_agent: str
    reason: str
    requested_by: Literal["agent", "person"] = "agent"
    confidence: float | None = Field(default=None, ge=0, le=1)


class AssistantReplied(DomainEvent):
    """An agent answered the message of its turn."""

    turn_id: str
    agent_type: str
    message_id: str
    message_content: str
    message_length: int = Field(ge=0)


class TaskCompleted(DomainEvent):
    """An agent finished a turn; ``success`` is False when it could not."""

    agent_type: str
    success: bool
    result_summary: str
    turn_id: str = ""
    duration_seconds: float | None = Field(default=None, ge=0)


class TurnCancelled(DomainEvent):
    """A person stopped the turn before its end."""

    turn_id: str
    cancelled_by: str = "system"
    reason: str = ""
    duration_seconds: float | None = Field(default=None, ge=0)


class BudgetExceeded(DomainEvent):
    """The next call would have gone over a limit, so the turn was stopped before it.

    ``used`` and ``wanted`` together are more than ``limit``. ``scope`` tells whether the limit is
    of the agent or of its whole session. ``repeated_calls`` and ``circles`` are the limits on
    agents that go round in a loop; ``detail`` names what they repeat.
    """

    turn_id: str
    agent_type: str
    budget: Literal[
        "tokens",
        "cost_usd",
        "tool_calls",
        "model_calls",
        "wall_time",
        "handovers",
        "steps",
        "repeated_calls",
        "circles",
    ]
    limit: float
    used: float
    wanted: float = 0
    scope: Literal["session", "agent"] = "agent"
    detail: str = ""
