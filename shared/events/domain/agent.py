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


class TurnCancelled(DomainEvent):
    """A person stopped the turn before its end."""

    turn_id: str
    cancelled_by: str = "system"
    reason: str = ""


class BudgetExceeded(DomainEvent):
    """The next call would have gone over a limit, so the turn was stopped before it."""

    turn_id: str
    agent_type: str
    budget: Literal[
        "tokens", "cost_usd", "tool_calls", "model_calls", "wall_time", "handovers", "steps"
    ]
    limit: float
    used: float
