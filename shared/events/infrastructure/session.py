# SPDX-License-Identifier: Apache-2.0
"""How sessions are kept."""

from typing import Literal

from pydantic import Field

from shared.events.base import SessionInfrastructureEvent
from shared.events.types import EventCategory, EventType


class SessionEvent(SessionInfrastructureEvent):
    """What all events about the keeping of sessions share."""

    category = EventCategory.SESSION


class SessionCreatedEvent(SessionEvent):
    """A session was stored; ``system_prompt`` is the digest of the agent's instructions."""

    event_type = EventType.SESSION_CREATED
    system_prompt: str | None = None
    agent: str = ""


class SessionUpdatedEvent(SessionEvent):
    """The state of a session changed."""

    event_type = EventType.SESSION_UPDATED
    state: str
    reason: str = ""


class SessionDeletedEvent(SessionEvent):
    """The stored session was removed."""

    event_type = EventType.SESSION_DELETED
    reason: str = ""


class MessageAddedEvent(SessionEvent):
    """A message joined the history; its text travels in the domain event."""

    event_type = EventType.MESSAGE_ADDED
    role: Literal["user", "assistant"]
    message_id: str = ""
    message_length: int = Field(ge=0)
    agent: str | None = None
