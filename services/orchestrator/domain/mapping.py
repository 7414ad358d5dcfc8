# SPDX-License-Identifier: Apache-2.0
"""Domain → infrastructure: the one place where what happened becomes how it happened.

Some infrastructure events tell the technical side of a domain event and of nothing else. They are
made here, in the same transaction; those that carry figures of their own are recorded where the
figures are.
"""

from collections.abc import Callable
from typing import Any

from shared.events import (
    ApprovalRequested,
    AssistantReplied,
    BaseEvent,
    ConversationCompleted,
    DomainEvent,
    HITLApprovalRequestedEvent,
    MessageAddedEvent,
    MessageReceived,
    SessionCreated,
    SessionCreatedEvent,
    SessionDeleted,
    SessionDeletedEvent,
    SessionErased,
    SessionErasedEvent,
    SessionExpired,
    SessionUpdatedEvent,
)


def infrastructure_events(event: DomainEvent) -> list[BaseEvent]:
    """Return the technical side of a domain event; each is caused by it."""
    make = _MAPPING.get(type(event))
    if make is None:
        return []
    common = {
        "session_id": event.session_id,
        "correlation_id": event.correlation_id,
        "causation_id": event.event_id,
    }
    return [make(event, common)]


def _session_created(event: SessionCreated, common: dict[str, Any]) -> BaseEvent:
    return SessionCreatedEvent(**common, agent=event.agent)


def _message_received(event: MessageReceived, common: dict[str, Any]) -> BaseEvent:
    return MessageAddedEvent(
        **common,
        role="user",
        message_id=event.message_id,
        message_length=event.message_length,
    )


def _assistant_replied(event: AssistantReplied, common: dict[str, Any]) -> BaseEvent:
    return MessageAddedEvent(
        **common,
        role="assistant",
        message_id=event.message_id,
        message_length=event.message_length,
        agent=event.agent_type,
    )


def _approval_requested(event: ApprovalRequested, common: dict[str, Any]) -> BaseEvent:
    return HITLApprovalRequestedEvent(**common, approval_id=event.approval_id, tool=event.tool)


def _completed(_: ConversationCompleted, common: dict[str, Any]) -> BaseEvent:
    return SessionUpdatedEvent(**common, state="completed")


def _expired(event: SessionExpired, common: dict[str, Any]) -> BaseEvent:
    return SessionUpdatedEvent(**common, state="expired", reason=event.reason)


def _deleted(event: SessionDeleted, common: dict[str, Any]) -> BaseEvent:
    return SessionDeletedEvent(**common, reason=event.reason)


def _erased(event: SessionErased, common: dict[str, Any]) -> BaseEvent:
    return SessionErasedEvent(**common, operator=event.erased_by)


_MAPPING: dict[type[DomainEvent], Callable[[Any, dict[str, Any]], BaseEvent]] = {
    SessionCreated: _session_created,
    MessageReceived: _message_received,
    AssistantReplied: _assistant_replied,
    ApprovalRequested: _approval_requested,
    ConversationCompleted: _completed,
    SessionExpired: _expired,
    SessionDeleted: _deleted,
    SessionErased: _erased,
}
