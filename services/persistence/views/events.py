# SPDX-License-Identifier: Apache-2.0
"""Events as they are said: what they mean, and how they came."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from services.persistence.exchange import Origin
from services.persistence.views.view import View
from shared.errors import DecodingError
from shared.eventstore import StoredEvent
from shared.eventstore.entries import Coordinates


class Header(View):
    """A header of a record; ``value`` is None where it is null, ``base64`` set if not text."""

    name: str
    value: str | None
    base64: str | None = None


class KafkaRecord(View):
    """Where and when a record was read."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime | None


class OriginView(View):
    """When and where an event was recorded in the installation that it was imported from."""

    recorded_at: datetime
    kafka: KafkaRecord | None


class StoredEventView(View):
    """An event with the record that brought it; ``data`` is None if it cannot be read any more.

    An imported event was in no record here: ``kafka`` is None, and ``imported_from`` says where it
    was recorded first.
    """

    event_id: UUID
    aggregate_id: str
    sequence: int
    type: str
    correlation_id: str
    causation_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, Any] | None
    problem: str | None
    kafka: KafkaRecord | None
    imported_from: OriginView | None = None
    headers: list[Header]


class EventPage(View):
    """Events in order; ``next_sequence`` is None at the end of what is stored."""

    items: list[StoredEventView]
    next_sequence: int | None = Field(description="`from_sequence` of the next page")


def event_view(stored: StoredEvent, origin: Origin | None = None) -> StoredEventView:
    """Return what is said of a stored event; ``origin`` is given of one that was imported."""
    data, problem = _read(stored)
    return StoredEventView(
        event_id=stored.event_id,
        aggregate_id=stored.aggregate_id,
        sequence=stored.sequence,
        type=stored.type_name,
        correlation_id=stored.correlation_id,
        causation_id=stored.causation_id,
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
        data=data,
        problem=problem,
        kafka=_kafka(stored.coordinates, stored.timestamp),
        imported_from=_origin(origin) if origin else None,
        headers=[_header(name, value) for name, value in stored.headers],
    )


def _read(stored: StoredEvent) -> tuple[dict[str, Any] | None, str | None]:
    try:
        return stored.event().payload(), None
    except DecodingError as error:
        return None, str(error)


def _origin(origin: Origin) -> OriginView:
    return OriginView(
        recorded_at=origin.recorded_at, kafka=_kafka(origin.coordinates, origin.timestamp)
    )


def _kafka(coordinates: Coordinates | None, timestamp: int | None) -> KafkaRecord | None:
    if coordinates is None:
        return None
    return KafkaRecord(**coordinates._asdict(), timestamp=_moment(timestamp))


def _moment(milliseconds: int | None) -> datetime | None:
    """Return the time of a record; brokers write -1 where they know none."""
    if milliseconds is None or milliseconds < 0:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _header(name: str, value: bytes | None) -> Header:
    if value is None:
        return Header(name=name, value=None)
    try:
        return Header(name=name, value=value.decode())
    except UnicodeDecodeError:
        return Header(name=name, value=None, base64=b64encode(value).decode())
