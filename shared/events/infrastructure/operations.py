# SPDX-License-Identifier: Apache-2.0
"""What operators do; every such action is an event."""

from typing import Literal

from pydantic import Field

from shared.events.base import BaseEvent
from shared.events.types import EventCategory, EventType


class OperationEvent(BaseEvent):
    """What all events about an operator's action share."""

    category = EventCategory.OPERATIONS
    operator: str
    reason: str = ""


class DeadLetterEvent(OperationEvent):
    """What all events about a dead letter share; ``service`` is the one that failed."""

    dead_letter_id: str
    service: str
    dead_event_id: str | None = None


class DeadLetterRedriven(DeadLetterEvent):
    """A dead letter went back to the service that failed."""

    event_type = EventType.DEAD_LETTER_REDRIVEN
    redrive_id: str
    redrive_count: int = Field(ge=1)


class DeadLetterDiscarded(DeadLetterEvent):
    """A dead letter will not be handled; the record of it stays."""

    event_type = EventType.DEAD_LETTER_DISCARDED


class DeadLetterParked(DeadLetterEvent):
    """A dead letter failed too often and waits for a person."""

    event_type = EventType.DEAD_LETTER_PARKED
    redrive_count: int = Field(ge=0)


class DeadLetterEdited(DeadLetterEvent):
    """A corrected copy of a dead letter was published as a new event."""

    event_type = EventType.DEAD_LETTER_EDITED
    new_event_id: str


class HistoryExported(OperationEvent):
    """The history of a session was exported; ``digest`` is of the exported bytes."""

    event_type = EventType.HISTORY_EXPORTED
    exported_session_id: str
    events: int = Field(ge=0)
    digest: str


class HistoryImported(OperationEvent):
    """The history of a session was imported; ``digest`` is of the imported bytes."""

    event_type = EventType.HISTORY_IMPORTED
    imported_session_id: str
    events: int = Field(ge=0)
    digest: str


class PayloadRedacted(OperationEvent):
    """The payload of an event was removed; its place and its proofs remain."""

    event_type = EventType.PAYLOAD_REDACTED
    redacted_event_id: str
    scope: Literal["audit", "history", "all"]


class ProjectionRebuilt(OperationEvent):
    """A read model was built again from the events."""

    event_type = EventType.PROJECTION_REBUILT
    projection: str
    events: int = Field(ge=0)
