# SPDX-License-Identifier: Apache-2.0
"""Events as lines for people, indented by cause."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.persistence.views.view import Gap, View
from services.persistence.wording import agent_of, failed, words
from shared.errors import DecodingError
from shared.eventstore import StoredEvent


class Line(View):
    """An event in a line; ``depth`` says how many causes it has behind it in the session.

    ``forks`` are the sessions that began with the past up to this event.
    """

    event_id: UUID
    aggregate_id: str
    sequence: int
    depth: int
    type: str
    level: str
    occurred_at: datetime
    causation_id: UUID | None
    agent: str | None
    duration_seconds: float | None
    error: bool
    text: str
    forks: list[str] = Field(default_factory=list[str])


class ArchivedPart(View):
    """Events from ``first`` to ``last`` of which the file of a month has what they say."""

    month: str
    file: str
    first: int
    last: int
    events: int


class Timeline(View):
    """A session in lines; ``next_sequence`` is None at the end, ``gaps`` are what is missing.

    ``archived`` says which of the lines on this page have their text in which file.
    """

    session_id: str
    items: list[Line]
    gaps: list[Gap]
    next_sequence: int | None = Field(description="`from_sequence` of the next page")
    erased_at: datetime | None = Field(default=None, description="when what was said was erased")
    archived: list[ArchivedPart] = Field(default_factory=list[ArchivedPart])


class TreeLine(Line):
    """An event below its cause; an orphan has a cause that nothing is known of."""

    orphan: bool


class StreamGaps(View):
    """What is missing in a stream."""

    aggregate_id: str
    gaps: list[Gap]


class Anomaly(View):
    """An event that came again, contradicts what is stored, or was discarded."""

    aggregate_id: str
    sequence: int
    event_id: UUID
    kind: str
    detail: str
    times: int
    first_seen_at: datetime
    last_seen_at: datetime


class CorrelationTree(View):
    """All events of a correlation below their causes, and what is wrong with them."""

    correlation_id: str
    events: list[TreeLine]
    truncated: bool = Field(description="there are more events than are shown")
    orphans: list[UUID]
    cycles: list[list[UUID]]
    gaps: list[StreamGaps]
    duplicates: list[Anomaly]
    discarded: list[Anomaly]
    conflicts: list[Anomaly]


def line(stored: StoredEvent, *, depth: int, forks: Sequence[str] = ()) -> Line:
    """Return an event as a line; one that cannot be read is an error."""
    _, level, name, _ = stored.type_name.split(".")
    fixed = {
        "event_id": stored.event_id,
        "aggregate_id": stored.aggregate_id,
        "sequence": stored.sequence,
        "depth": depth,
        "type": name,
        "level": level,
        "occurred_at": stored.occurred_at,
        "causation_id": stored.causation_id,
        "forks": list(forks),
    }
    try:
        event = stored.event()
    except DecodingError as error:
        unread = {"agent": None, "duration_seconds": None, "error": True, "text": str(error)}
        return Line.model_validate({**fixed, **unread})
    return Line.model_validate(
        {
            **fixed,
            "agent": agent_of(event),
            "duration_seconds": getattr(event, "duration_seconds", None),
            "error": failed(event),
            "text": words(event),
        }
    )
