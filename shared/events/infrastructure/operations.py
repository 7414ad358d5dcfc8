# SPDX-License-Identifier: Apache-2.0
"""What operators do; every such action is an event."""

from typing import Literal, Self
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import AwareDatetime, Field

from shared.events.base import MAX_SEQUENCE, BaseEvent
from shared.events.types import EventCategory, EventType


class OperationEvent(BaseEvent):
    """What all events about an operator's action share."""

    category = EventCategory.OPERATIONS
    operator: str
    reason: str = ""


class DeadLetterEvent(OperationEvent):
    """What all events about a dead letter share; ``service`` is the one that failed.

    The ``dead_*`` fields say which event is in the letter, as far as that can be read: one that
    says not even its place has none, and no place in an aggregate waits for it by name.
    """

    dead_letter_id: str
    service: str
    dead_event_id: str | None = None
    dead_aggregate_id: str | None = Field(default=None, min_length=1, max_length=200)
    dead_sequence: int | None = Field(default=None, ge=1, le=MAX_SEQUENCE)
    dead_occurred_at: AwareDatetime | None = None


class DeadLetterRedriven(DeadLetterEvent):
    """A dead letter went back to the service that failed."""

    event_type = EventType.DEAD_LETTER_REDRIVEN
    redrive_id: str
    redrive_count: int = Field(ge=1)


class DeadLetterResolved(DeadLetterEvent):
    """A redriven letter had its effect; ``operator`` is the service that failed, which says so.

    It may be told more than once of one redrive.
    """

    event_type = EventType.DEAD_LETTER_RESOLVED
    redrive_id: str


class DeadLetterDiscarded(DeadLetterEvent):
    """A dead letter will not be handled by ``service``, which goes on behind it.

    The record of it stays. Other services are not concerned: each has a letter of its own.
    """

    event_type = EventType.DEAD_LETTER_DISCARDED

    def stand_in(self) -> Self | None:
        """Return this event as it stands in the place of the discarded one; None without a place.

        It has the id of the discarded event, so that what that event caused still has a cause.
        """
        if self.dead_aggregate_id is None or self.dead_sequence is None:
            return None
        return self.model_copy(
            update={
                "event_id": self._dead_id() or _id_of(self.dead_aggregate_id, self.dead_sequence),
                "aggregate_id": self.dead_aggregate_id,
                "sequence": self.dead_sequence,
                "occurred_at": self.dead_occurred_at or self.occurred_at,
                "causation_id": None,
            }
        )

    def without_id(self) -> Self:
        """Return a stand-in that has no id of another event, but one of its place."""
        return self.model_copy(update={"event_id": _id_of(self.aggregate_id, self.sequence)})

    def _dead_id(self) -> UUID | None:
        try:
            return UUID(self.dead_event_id or "")
        except ValueError:
            return None

    @property
    def stands_in(self) -> bool:
        """Tell whether this is in the place of a discarded event, instead of telling of it."""
        place = (self.dead_aggregate_id, self.dead_sequence)
        return place == (self.aggregate_id, self.sequence)


def _id_of(aggregate_id: str, sequence: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"{aggregate_id}/{sequence}")


class DeadLetterParked(DeadLetterEvent):
    """A dead letter failed too often and waits for a person."""

    event_type = EventType.DEAD_LETTER_PARKED
    redrive_count: int = Field(ge=0)


class DeadLetterEdited(DeadLetterEvent):
    """A corrected copy of a dead letter was published as a new event."""

    event_type = EventType.DEAD_LETTER_EDITED
    new_event_id: str


class DeadLetterJobEvent(OperationEvent):
    """What all events about work on many dead letters share; each letter has its own besides."""

    job_id: str
    kind: Literal["redrive", "discard"]
    letters: int = Field(ge=0)


class DeadLetterJobStarted(DeadLetterJobEvent):
    """Many letters will be sent back or given up; ``choice`` says by which filters."""

    event_type = EventType.DEAD_LETTER_JOB_STARTED
    choice: dict[str, str]


class DeadLetterJobStopped(DeadLetterJobEvent):
    """A job ended before it came to all its letters: ``done`` are done, the others are as before.

    ``operator`` is the person who stopped it, or the desk, as too many letters came back.
    """

    event_type = EventType.DEAD_LETTER_JOB_STOPPED
    done: int = Field(ge=0)


class DeadLetterJobCompleted(DeadLetterJobEvent):
    """A job came to its last letter; ``refused`` were not to be sent back or given up any more."""

    event_type = EventType.DEAD_LETTER_JOB_COMPLETED
    refused: int = Field(ge=0)


class OutboxReplayed(OperationEvent):
    """What the outbox of ``service`` still kept was published again; consumers drop it as doubles.

    Either all of a session, or what was recorded from one time on until before another.
    """

    event_type = EventType.OUTBOX_REPLAYED
    service: str
    records: int = Field(ge=0)
    replayed_session_id: str | None = None
    recorded_from: AwareDatetime | None = None
    recorded_until: AwareDatetime | None = None


class HistoryExported(OperationEvent):
    """The history of a session was exported; ``digest`` is of the lines that went out.

    It is not ``complete`` if whoever took it broke off before its end: then so many ``events`` of
    it, or fewer, arrived.
    """

    event_type = EventType.HISTORY_EXPORTED
    exported_session_id: str
    events: int = Field(ge=0)
    digest: str
    complete: bool = True


class HistoryImported(OperationEvent):
    """The history of a session was imported; ``digest`` is of the imported bytes."""

    event_type = EventType.HISTORY_IMPORTED
    imported_session_id: str
    events: int = Field(ge=0)
    digest: str


class HistoryErased(OperationEvent):
    """What was said in a session that is here by import alone was erased here, at nobody else.

    A session of this installation is erased everywhere, by ``SessionErased``.
    """

    event_type = EventType.HISTORY_ERASED
    erased_session_id: str
    events: int = Field(ge=0)


class PayloadRedacted(OperationEvent):
    """The payload of an event was removed; its place and its proofs remain."""

    event_type = EventType.PAYLOAD_REDACTED
    redacted_event_id: str
    scope: Literal["audit", "history", "all"]


class SessionErasedEvent(OperationEvent):
    """An operator had the content of a session erased; for readers of this topic alone."""

    event_type = EventType.SESSION_ERASED
    session_id: str = Field(min_length=1, max_length=200)  # pyright: ignore -- narrowed


class ProjectionRebuilt(OperationEvent):
    """A read model was built again from the events."""

    event_type = EventType.PROJECTION_REBUILT
    projection: str
    events: int = Field(ge=0)
