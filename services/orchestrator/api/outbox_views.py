# SPDX-License-Identifier: Apache-2.0
"""What the HTTP interface says of the outbox, and what it is told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from services.orchestrator.api.views import Body, Person, Reason
from shared.messaging import headers as names
from shared.messaging.headers import readable
from shared.messaging.structured import sequence_of
from shared.outbox.contents import Contents, Share, Waiting

Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC)),
]
SessionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]


class WaitingRecordView(BaseModel):
    """An event that waits for Kafka; ``again`` if it was published before."""

    position: int
    topic: str
    session_id: str
    sequence: int
    event_id: str
    event_type: str
    recorded_at: datetime
    again: bool

    @classmethod
    def of(cls, waiting: Waiting) -> Self:
        """Return a view of a record."""
        headers = readable(waiting.record.headers)
        return cls(
            position=waiting.position,
            topic=waiting.record.topic,
            session_id=(waiting.record.key or b"").decode(errors="replace"),
            sequence=sequence_of(waiting.record.headers),
            event_id=headers[names.ID],
            event_type=headers[names.TYPE],
            recorded_at=waiting.recorded_at,
            again=waiting.again,
        )


class ShareView(BaseModel):
    """How much of what waits is of one topic or session."""

    name: str
    waiting: int
    oldest: datetime

    @classmethod
    def of(cls, share: Share) -> Self:
        """Return a view of a share."""
        return cls(name=share.name, waiting=share.waiting, oldest=share.oldest)


class OutboxView(BaseModel):
    """What waits for Kafka, and what is kept of the published to be published again.

    ``sessions`` are the 20 of which most waits. ``next`` is the cursor of the next page of
    ``items``, which are in the order in which they will be published.
    """

    waiting: int
    oldest: datetime | None
    kept: int
    kept_since: datetime | None
    retention_seconds: float
    topics: list[ShareView]
    sessions: list[ShareView]
    items: list[WaitingRecordView]
    next: int | None

    @classmethod
    def of(
        cls, found: Contents, waiting: Sequence[Waiting], *, limit: int, retention: timedelta
    ) -> Self:
        """Return a view of an outbox with the first ``limit`` of the records that wait."""
        items = [WaitingRecordView.of(each) for each in waiting[:limit]]
        return cls(
            waiting=found.waiting,
            oldest=found.oldest,
            kept=found.kept,
            kept_since=found.kept_since,
            retention_seconds=retention.total_seconds(),
            topics=[ShareView.of(each) for each in found.topics],
            sessions=[ShareView.of(each) for each in found.keys],
            items=items,
            next=items[-1].position if len(waiting) > limit else None,
        )


class NewReplay(Body):
    """What is to be published again: a session, or what was recorded from one time to another."""

    session_id: SessionName | None = None
    recorded_from: Moment | None = None
    recorded_until: Moment | None = None
    operator: Person
    reason: Reason = ""
    dry_run: bool = False

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        times = (self.recorded_from, self.recorded_until)
        if (self.session_id is None) != all(times) or (any(times) and not all(times)):
            raise ValueError("give a session_id, or recorded_from and recorded_until")
        return self


class ReplayView(BaseModel):
    """How many records are published again, or in a dry run would be."""

    records: int
    dry_run: bool
