# SPDX-License-Identifier: Apache-2.0
"""What every event has: who, when, where in its session, and why."""

import re
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.clock import SystemClock
from shared.correlation import EventCorrelation
from shared.events.types import EventCategory, EventType
from shared.ids import new_id

NAMESPACE = "agentruntime"
MAX_SEQUENCE = 2**63 - 1


class EventLevel(StrEnum):
    """The two levels of events."""

    DOMAIN = "domain"
    INFRASTRUCTURE = "infrastructure"


def _session_of(given: dict[str, Any]) -> str:
    return given.get("session_id") or ""


class Event(BaseModel):
    """A fact, in the past tense, that never changes.

    ``aggregate_id`` is the session, or ``service:<name>/<instance>`` for what a service itself
    did. ``sequence`` counts the events of an aggregate from 1 without gaps, across both levels; it
    is 0 until the event is recorded. Never order events by ``occurred_at``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    level: ClassVar[EventLevel]
    version: ClassVar[int] = 1

    event_id: UUID = Field(default_factory=new_id)
    occurred_at: AwareDatetime = Field(default_factory=SystemClock().now)
    session_id: str | None = Field(default=None, max_length=200)
    aggregate_id: str = Field(
        default_factory=_session_of, min_length=1, max_length=200, validate_default=True
    )
    sequence: int = Field(default=0, ge=0, le=MAX_SEQUENCE)
    correlation_id: str = Field(
        default_factory=lambda: (
            EventCorrelation.get_correlation_id() or EventCorrelation.create_correlation_id()
        ),
        min_length=1,
        max_length=200,
    )
    causation_id: UUID | None = Field(default_factory=EventCorrelation.get_causation_id)
    source: str = ""

    @classmethod
    def name(cls) -> str:
        """Return the snake_case name of this event, without its level."""
        return _snake_case(cls.__name__)

    @classmethod
    def type_name(cls) -> str:
        """Return the CloudEvents type: ``agentruntime.<level>.<name>.v<version>``."""
        return f"{NAMESPACE}.{cls.level}.{cls.name()}.v{cls.version}"

    @classmethod
    def is_named(cls, type_name: str) -> bool:
        """Tell whether this is the type of this event, in whichever version."""
        stem, _, version = type_name.rpartition(".v")
        return stem == f"{NAMESPACE}.{cls.level}.{cls.name()}" and version.isdecimal()

    def recorded(self, *, sequence: int, source: str) -> Self:
        """Return this event at its place in the sequence of its aggregate."""
        return self.model_copy(update={"sequence": sequence, "source": source})

    def payload(self) -> dict[str, Any]:
        """Return what is particular to this event, as JSON values, without the envelope."""
        return self.model_dump(mode="json", exclude=ENVELOPE)

    def payload_json(self) -> bytes:
        """Return the payload as JSON, without making its values first."""
        return self.__pydantic_serializer__.to_json(self, exclude=ENVELOPE)


ENVELOPE = set(Event.model_fields) - {"session_id"}
"""The fields that travel as headers of the record instead of in its value."""


class DomainEvent(Event):
    """What happened in the business; always in a session."""

    level = EventLevel.DOMAIN
    session_id: str = Field(min_length=1, max_length=200)  # pyright: ignore -- narrowed


class BaseEvent(Event):
    """How it happened, technically: the infrastructure level."""

    level = EventLevel.INFRASTRUCTURE
    event_type: ClassVar[EventType]
    category: ClassVar[EventCategory]

    @classmethod
    def name(cls) -> str:
        """Return the value of the event's ``EventType``."""
        return cls.event_type.value


class SessionInfrastructureEvent(BaseEvent):
    """An infrastructure event that belongs to a session."""

    session_id: str = Field(min_length=1, max_length=200)  # pyright: ignore -- narrowed


@cache
def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
