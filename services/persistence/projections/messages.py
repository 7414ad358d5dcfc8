# SPDX-License-Identifier: Apache-2.0
"""Messages: what people wrote and agents answered; their text travels in the domain events."""

from services.persistence.projections.read_model import ReadModel, Values, columns
from shared.events import AssistantReplied, Event, MessageInherited, MessageReceived


def message(event: Event) -> Values | None:
    """Return the message that an event brings, or None."""
    match event:
        case MessageReceived():
            role, agent = "user", None
        case AssistantReplied():
            role, agent = "assistant", event.agent_type
        case MessageInherited():
            return _inherited(event)
        case _:
            return None
    return {
        "session_id": event.aggregate_id,
        "sequence": event.sequence,
        "message_id": event.message_id or str(event.event_id),
        "turn_id": event.turn_id or None,
        "role": role,
        "agent": agent,
        "content": event.message_content,
        "created_at": event.occurred_at,
    }


def _inherited(event: MessageInherited) -> Values:
    """Return a message as it was said in the original, at its place in the fork."""
    return {
        "session_id": event.aggregate_id,
        "sequence": event.sequence,
        "message_id": event.message_id,
        "role": event.role,
        "agent": event.agent_type or None,
        "content": event.message_content,
        "created_at": event.said_at or event.occurred_at,
    }


MESSAGES = ReadModel(
    name="messages",
    key=("session_id", "sequence"),
    columns=columns(last="message_id turn_id role agent content created_at"),
    projection=message,
    concerns=lambda event_class: issubclass(
        event_class, MessageReceived | MessageInherited | AssistantReplied
    ),
)
