# SPDX-License-Identifier: Apache-2.0
"""What happens to a session."""

from typing import Literal

from pydantic import Field

from shared.events.base import DomainEvent


class SessionCreated(DomainEvent):
    """A session began."""

    created_by: str = "system"
    agent: str = ""
    title: str = ""


class MessageReceived(DomainEvent):
    """A person wrote a message; ``turn_id`` is the turn that answers it."""

    message_content: str
    message_length: int = Field(ge=0)
    message_id: str = ""
    turn_id: str = ""


class ConversationCompleted(DomainEvent):
    """The session came to its end."""

    total_messages: int = Field(ge=0)
    duration_seconds: float = Field(ge=0)


class SessionExpired(DomainEvent):
    """Nothing happened in the session for too long."""

    reason: str


class SessionDeleted(DomainEvent):
    """A person deleted the session."""

    deleted_by: str = "system"
    reason: str = ""


class SessionForked(DomainEvent):
    """A new session began from a point of another; both sessions record it."""

    direction: Literal["from", "to"]
    other_session_id: str
    at_sequence: int = Field(ge=0)
