# SPDX-License-Identifier: Apache-2.0
"""What the metrics service answers over HTTP; durations are in seconds, rates from 0 to 1."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

Usd = Annotated[Decimal, PlainSerializer(lambda cost: f"{cost:f}", return_type=str)]
"""An exact amount of dollars, as text."""


class Answer(BaseModel):
    """A part of an answer; an average of nothing is null."""

    model_config = ConfigDict(frozen=True)


class SwitchFigures(Answer):
    """How often one agent was followed by another."""

    from_agent: str
    to_agent: str
    count: int


class Switches(Answer):
    """Agent switches by pair."""

    total: int
    switches: list[SwitchFigures]


class AgentFigures(Answer):
    """How an agent did: the turns it worked on, and the errors it met with."""

    agent: str
    runs: int
    failures: int
    errors: int
    total_seconds: float
    average_seconds: float | None


class Agents(Answer):
    """How each agent did."""

    agents: list[AgentFigures]


class ToolFigures(Answer):
    """How a tool did."""

    tool: str
    calls: int
    succeeded: int
    failed: int
    success_rate: float | None
    average_seconds: float | None


class Tools(Answer):
    """How each tool did."""

    tools: list[ToolFigures]


class DecisionFigures(Answer):
    """What people decided on the calls of a tool."""

    tool: str
    requested: int
    approved: int
    edited: int
    rejected: int
    expired: int


class Decisions(Answer):
    """What people decided, by tool."""

    decisions: list[DecisionFigures]


class ErrorFigures(Answer):
    """How often an agent met with an error."""

    agent: str
    error_type: str
    count: int


class Errors(Answer):
    """Errors of agents, by class."""

    total: int
    errors: list[ErrorFigures]


class LlmFigures(Answer):
    """How a model did, and what it cost."""

    model: str
    requests: int
    failures: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: Usd
    average_seconds: float | None


class Llm(Answer):
    """How each model did."""

    models: list[LlmFigures]


class SessionsSummary(Answer):
    """Sessions by what became of them; one that is completed and later deleted counts in both."""

    created: int
    active: int
    completed: int
    expired: int
    deleted: int


class Summary(Answer):
    """The whole installation, in single numbers."""

    events: int
    sessions: SessionsSummary
    messages_received: int
    replies: int
    turns: int
    switches: int
    agent_runs: int
    agent_errors: int
    tool_calls: int
    decisions: int
    budget_breaches: int
    llm_requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: Usd


class EventCounts(Answer):
    """Different events."""

    total: int
    by_level: dict[str, int]
    by_type: dict[str, dict[str, int]]


class Counts(Answer):
    """What was counted, to compare with other services."""

    events: EventCounts
    sessions: int


class SessionFigures(Answer):
    """The figures of one session; its duration is from its first event to its last."""

    session_id: str
    first_event_at: datetime
    last_event_at: datetime
    duration_seconds: float
    agent_seconds: float
    tool_seconds: float
    llm_seconds: float
    cost_usd: Usd
    events: int
    messages: int
    switches: int
    agent_runs: int
    errors: int
    tool_calls: int
    tool_failures: int
    approvals: int
    decisions: int
    llm_requests: int
    llm_failures: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int

    @classmethod
    def counted(cls) -> list[str]:
        """Return the names of the figures that are plain counts."""
        return [name for name, field in cls.model_fields.items() if field.annotation is int]
