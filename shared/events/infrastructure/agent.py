# SPDX-License-Identifier: Apache-2.0
"""How agents run."""

from pydantic import Field

from shared.events.base import SessionInfrastructureEvent
from shared.events.types import EventCategory, EventType


class AgentEvent(SessionInfrastructureEvent):
    """What all events about agents share."""

    category = EventCategory.AGENT


class AgentSwitchedEvent(AgentEvent):
    """The session is now with another agent."""

    event_type = EventType.AGENT_SWITCHED
    from_agent: str
    to_agent: str
    reason: str
    confidence: float | None = Field(default=None, ge=0, le=1)


class AgentProcessingStartedEvent(AgentEvent):
    """An agent began to work on a turn."""

    event_type = EventType.AGENT_PROCESSING_STARTED
    agent: str = ""
    turn_id: str = ""


class AgentProcessingCompletedEvent(AgentEvent):
    """An agent stopped working on a turn; the duration is in seconds."""

    event_type = EventType.AGENT_PROCESSING_COMPLETED
    agent: str
    turn_id: str = ""
    duration_seconds: float = Field(ge=0)
    success: bool


class AgentErrorOccurredEvent(AgentEvent):
    """The work of an agent failed."""

    event_type = EventType.AGENT_ERROR_OCCURRED
    agent: str
    turn_id: str = ""
    error_type: str
    error_message: str
