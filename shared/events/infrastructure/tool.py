# SPDX-License-Identifier: Apache-2.0
"""How tools are called."""

from typing import Any

from pydantic import AwareDatetime, Field

from shared.events.base import SessionInfrastructureEvent
from shared.events.types import EventCategory, EventType


class ToolEvent(SessionInfrastructureEvent):
    """What all events about a tool call share.

    ``effect_id`` names the side effect and is the same however often the call is attempted.
    """

    category = EventCategory.TOOL
    turn_id: str = ""
    agent: str = ""
    tool: str
    call_id: str
    effect_id: str = ""


class ToolExecutionRequestedEvent(ToolEvent):
    """A model asked for a tool."""

    event_type = EventType.TOOL_EXECUTION_REQUESTED
    arguments_digest: str


class ToolExecutionStartedEvent(ToolEvent):
    """The call is about to be made; the ledger has it."""

    event_type = EventType.TOOL_EXECUTION_STARTED
    arguments_digest: str


class ToolExecutedEvent(ToolEvent):
    """The call returned; duration in seconds, size in bytes."""

    event_type = EventType.TOOL_EXECUTED
    duration_seconds: float = Field(ge=0)
    result_size: int = Field(ge=0)
    success: bool = True


class ToolExecutionFailedEvent(ToolEvent):
    """The call raised, timed out, or its outcome is unknown after a crash."""

    event_type = EventType.TOOL_EXECUTION_FAILED
    duration_seconds: float = Field(ge=0)
    error_type: str
    error_message: str


class ToolApprovalRequiredEvent(ToolEvent):
    """The policy wants a person to decide on the call."""

    event_type = EventType.TOOL_APPROVAL_REQUIRED
    approval_id: str
    arguments_digest: str


class ToolClientResultRequiredEvent(ToolEvent):
    """The client of the session has to make the call, and to give its result in time.

    No domain event has the arguments, so they are here: the client needs them.
    """

    event_type = EventType.TOOL_CLIENT_RESULT_REQUIRED
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])
    arguments_digest: str
    expires_at: AwareDatetime
