# SPDX-License-Identifier: Apache-2.0
"""What the desk says over HTTP, and what it is told."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.dead_letters.letters.lifecycle import Action, Status
from shared.events.base import MAX_SEQUENCE

_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_STORABLE = r"^[^\x00]*$"

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE)]
Text = Annotated[str, StringConstraints(max_length=1000, pattern=_STORABLE)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=_STORABLE)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC)),
]


class View(BaseModel):
    """What all of them share."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(View):
    """Which letters; a letter has to meet all that are given. The times are those of failure."""

    service: Name | None = None
    kind: Name | None = None
    error_class: Name | None = None
    event_type: Name | None = None
    session: Name | None = None
    fingerprint: Name | None = None
    status: Status | None = None
    since: Moment | None = None
    until: Moment | None = None


class Filters(Choice):
    """Which letters, and how many of them at most."""

    limit: int = Field(default=50, ge=1, le=500)


class LetterFilters(Filters):
    """Which letters, and after which of them to go on."""

    cursor: UUID | None = Field(default=None, description="`next` of the page before")
    id: list[UUID] = Field(default=[], max_length=100, description="only these letters")


class Bytes(View):
    """Bytes as they are, and as text where they are UTF-8."""

    size: int
    text: str | None
    base64: str

    @classmethod
    def of(cls, value: bytes | None) -> Self | None:
        """Return a view of ``value``."""
        if value is None:
            return None
        return cls(size=len(value), text=as_text(value), base64=base64.b64encode(value).decode())


class Header(View):
    """A header; a value of null is one without bytes."""

    name: str
    text: str | None
    base64: str | None

    @classmethod
    def of(cls, name: str, value: bytes | None) -> Self:
        """Return a view of a header."""
        encoded = None if value is None else base64.b64encode(value).decode()
        return cls(name=name, text=as_text(value), base64=encoded)


class LetterSummary(View):
    """A letter without its contents."""

    id: UUID
    status: Status
    family: str
    service: str | None
    consumer_group: str | None
    kind: str
    error_class: str | None
    error_message: str | None
    fingerprint: str
    origin_topic: str | None
    origin_partition: int | None
    origin_offset: int | None
    origin_timestamp: datetime | None
    attempts: int | None
    first_failed_at: datetime
    failed_at: datetime
    event_id: str | None
    event_type: str | None
    session_id: str | None
    correlation_id: str | None
    aggregate_id: str | None
    sequence: int | None
    size: int | None
    deliveries: int
    redrive_count: int
    redrive_id: UUID | None
    received_at: datetime
    updated_at: datetime
    erased_at: datetime | None = None


class Place(View):
    """Where on the dead letter topic the letter was found, once for each time it came."""

    topic: str
    partition: int
    offset: int
    received_at: datetime


class ActionTaken(View):
    """What happened to a letter after it came."""

    action: Action
    operator: str
    reason: str
    redrive_id: UUID | None
    redrive_count: int
    at: datetime


class Letter(LetterSummary):
    """A letter with everything that is known of it; the headers are those it came with last."""

    service_version: str | None
    cause_class: str | None
    stack: str | None
    key: Bytes | None
    body: Bytes | None
    headers: list[Header]
    places: list[Place]
    actions: list[ActionTaken]
    can_redrive: bool
    why_not: str | None = Field(description="why it cannot be redriven now")


class LetterPage(View):
    """Letters, the newest first; ``next`` is the cursor of the next page if there is one."""

    items: list[LetterSummary]
    next: UUID | None


class Group(View):
    """Failures of one cause."""

    fingerprint: str
    service: str | None
    kind: str
    error_class: str | None
    error_message: str | None
    letters: int
    by_status: Mapping[Status, int]
    sessions: int
    first_failed_at: datetime
    last_failed_at: datetime
    sample_id: UUID


class GroupPage(View):
    """Groups, the one that failed last first."""

    items: list[Group]


class Counts(View):
    """How much there is; ``deliveries`` counts the records read from the dead letter topic."""

    letters: int
    deliveries: int
    redrives: int
    by_status: Mapping[Status, int]
    by_service: Mapping[str, int]
    by_kind: Mapping[str, int]


class RedriveRequest(View):
    """Who sends a letter back, and why; a dry run only says what would happen.

    With ``redrive_count`` the letter is sent only if it was redriven so many times before, so that
    two who work through the same list send nothing twice.
    """

    operator: Name
    reason: Text = ""
    dry_run: bool = False
    redrive_count: int | None = Field(default=None, ge=0)


class DiscardRequest(View):
    """Who gives a letter up, and why.

    ``aggregate_id`` and ``sequence`` say which event it was, for a letter that does not say so
    itself, so that the service which failed can pass over its place.
    """

    operator: Name
    reason: Reason
    aggregate_id: Name | None = None
    sequence: int | None = Field(default=None, ge=1, le=MAX_SEQUENCE)

    @model_validator(mode="after")
    def _whole_place(self) -> Self:
        if (self.aggregate_id is None) != (self.sequence is None):
            raise ValueError("aggregate_id and sequence are given together")
        return self


class EditRequest(View):
    """Who corrects a letter, why, and what the event should have said.

    ``event_type``, ``aggregate_id`` and ``sequence`` say which event it was, for a letter that does
    not say so itself. A dry run only says whether the event could be made.
    """

    operator: Name
    reason: Reason
    payload: dict[str, Any]
    event_type: Name | None = None
    aggregate_id: Name | None = None
    sequence: int | None = Field(default=None, ge=1, le=MAX_SEQUENCE)
    dry_run: bool = False


class ActionResult(View):
    """What was done, or in a dry run what would be; ``topic`` is where the letter goes."""

    action: Action
    dry_run: bool
    topic: str | None
    redrive_id: UUID | None
    letter: LetterSummary
    new_event_id: UUID | None = None


def as_text(value: bytes | None) -> str | None:
    """Return the value as text, or None where it is not UTF-8."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
