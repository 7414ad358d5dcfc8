# SPDX-License-Identifier: Apache-2.0
"""A turn: one message and all the work until its answer, step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart

from services.orchestrator.domain.client_tool import ClientTool


class TurnState(StrEnum):
    """Where a turn is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen in the turn."""
        return self in {TurnState.COMPLETED, TurnState.FAILED, TurnState.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message and what became of it.

    ``trace`` is the ``traceparent`` of the request that brought the message, so that the work done
    later, perhaps by another process, is in the same trace. ``model``, if set, is asked in place of
    that of the agent; ``last_sequence`` is the event that the turn ended with.

    ``delegated_by`` are the agents whose approval rules hold beside those of its agent.
    ``lease_number`` counts how often it was taken, so that who had it once, and has it no more, can
    be told from who has it now. ``client_tools`` are those that came with its message, or those of
    its session.
    """

    id: str
    session_id: str
    number: int
    state: TurnState
    agent: str
    message: str
    correlation_id: str
    causation_id: UUID | None
    trace: str | None
    accepted_at: datetime
    started_at: datetime | None
    agent_started_at: datetime | None
    asking_id: UUID | None
    handovers: int
    reply: str | None
    error: str | None
    model: str | None = None
    last_sequence: int | None = None
    delegated_by: tuple[str, ...] = ()
    lease_number: int = 0
    client_tools: tuple[ClientTool, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded message of a turn: from a person, a model, or of the results of tools."""

    index: int
    agent: str
    message: ModelMessage


class CallState(StrEnum):
    """Where the call of a tool is."""

    WAITING = "waiting"
    PENDING = "pending"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class AskModel:
    """Ask the model of the agent, as the next step of the turn."""


@dataclass(frozen=True, slots=True)
class CallTools:
    """Make these calls, which the ledger holds as pending."""

    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for people to decide on calls, and for the client to make calls of its own."""


@dataclass(frozen=True, slots=True)
class AnswerModel:
    """All calls are done: give their results to the model."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The model has answered in words."""

    reply: str


Next = AskModel | CallTools | Wait | AnswerModel | Finish


def next_move(steps: Sequence[Step], calls: Mapping[str, CallState]) -> Next:
    """Return what a turn does next, which depends on nothing but what was recorded of it.

    ``calls`` are the calls of the last answer of the model, by their id.
    """
    last = steps[-1].message
    if not isinstance(last, ModelResponse):
        return AskModel()
    asked = tool_calls(last)
    if not asked:
        return Finish(text_of(last))
    pending = tuple(id_ for id_, state in calls.items() if state is CallState.PENDING)
    if pending:
        return CallTools(pending)
    if any(state is CallState.WAITING for state in calls.values()):
        return Wait()
    return AnswerModel()


def tool_calls(response: ModelResponse) -> list[ToolCallPart]:
    """Return the calls that a model asks for."""
    return [part for part in response.parts if isinstance(part, ToolCallPart)]


def text_of(response: ModelResponse) -> str:
    """Return the words of a model's answer."""
    return response.text or ""
