# SPDX-License-Identifier: Apache-2.0
"""What happens to a session."""

from typing import Literal

from pydantic import AwareDatetime, Field

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


class SessionErased(DomainEvent):
    """What was said in the session was erased for good; its events keep places, ids and times.

    Whoever keeps something of the session erases it when this comes, without waiting for events
    before it, and keeps nothing of what comes later. The reason is kept: it must not name a person.
    """

    erased_by: str
    erasure_reason: str = ""


class SessionForked(DomainEvent):
    """A new session began from a point of another; both sessions record it.

    ``at_sequence`` is the last event of the original that counts for the new session, ``direction``
    is how this session sees it: forked ``from`` the other, or ``to`` it. ``changed`` names what is
    not as in the original, ``workspace`` says where the files of the new session come from.
    """

    direction: Literal["from", "to"]
    other_session_id: str
    at_sequence: int = Field(ge=0)
    forked_by: str = "system"
    reason: str = ""
    changed: list[Literal["message", "agent", "model"]] = Field(default_factory=list)
    workspace: Literal["", "copied", "rebuilt", "partial", "empty"] = ""
    inherited_messages: int = Field(default=0, ge=0)


class MessageInherited(DomainEvent):
    """A fork began with this message of its original: it was said there, not here.

    Nothing was asked, answered or paid for again, so figures do not count it.
    """

    role: Literal["user", "assistant"]
    message_id: str
    message_content: str
    message_length: int = Field(ge=0)
    agent_type: str = ""
    original_turn_id: str = ""
    said_at: AwareDatetime | None = None
