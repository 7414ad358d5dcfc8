# SPDX-License-Identifier: Apache-2.0
"""An event on its way into the store, as the row that it will be."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from shared.errors import PermanentError
from shared.events import Event
from shared.eventstore.blanking import blanked, new_seal
from shared.eventstore.headers import headers_from_json, headers_to_json
from shared.messaging.codec import written_type
from shared.messaging.erasing import is_erased
from shared.messaging.records import OutgoingRecord, Record


class Place(NamedTuple):
    """Where an event stands: its stream, and its number there."""

    aggregate_id: str
    sequence: int


class Coordinates(NamedTuple):
    """Where on Kafka a record was read; another cluster may use the same ones for another."""

    topic: str
    partition: int
    offset: int


def coordinates_at(
    topic: str | None, partition: int | None, offset: int | None
) -> Coordinates | None:
    """Return coordinates, or None of what did not come from Kafka."""
    if topic is None or partition is None or offset is None:
        return None
    return Coordinates(topic, partition, offset)


EVENT_COLUMNS = (
    "aggregate_id",
    "sequence",
    "event_id",
    "type",
    "correlation_id",
    "causation_id",
    "occurred_at",
    "topic",
    "partition",
    "offset",
    "timestamp",
    "digest",
)
RECORD_COLUMNS = ("aggregate_id", "sequence", "key", "value", "headers", "erased_at")
"""What of an entry goes into which table."""


class Entry(NamedTuple):
    """A row of ``events`` with the one of ``records`` that belongs to it.

    An event that comes from another store may have been erased there: ``digest`` is that of the
    bytes that came first.
    """

    aggregate_id: str
    sequence: int
    event_id: UUID
    type: str
    correlation_id: str
    causation_id: UUID | None
    occurred_at: datetime
    topic: str | None
    partition: int | None
    offset: int | None
    timestamp: int | None
    digest: bytes
    key: bytes | None
    value: bytes
    headers: str
    erased_at: datetime | None = None

    @property
    def place(self) -> Place:
        """Return where the event stands."""
        return Place(self.aggregate_id, self.sequence)

    @property
    def coordinates(self) -> Coordinates | None:
        """Return where on Kafka it was read, or None if it did not come that way."""
        return coordinates_at(self.topic, self.partition, self.offset)

    @property
    def came_erased(self) -> bool:
        """Tell whether the content was taken out before the record was published (again)."""
        return is_erased(headers_from_json(self.headers))

    def without_content(self, now: datetime) -> "Entry":
        """Return the row of this event in a session that was erased.

        If it says less than what came, its digest is another one.
        """
        value, headers = blanked(self.value, self.headers)
        if (value, headers) == (self.value, self.headers):
            return self._replace(erased_at=now)
        return self._replace(value=value, headers=headers, digest=new_seal(), erased_at=now)


def entry_of(event: Event, record: Record | OutgoingRecord) -> Entry:
    """Return the row of an event with the bytes that carry it.

    Raises:
        PermanentError: the event has no place, or its envelope cannot be stored as it is.
    """
    _require_fit(event)
    value = record.value or b""
    read = record if isinstance(record, Record) else None
    return Entry(
        event.aggregate_id,
        event.sequence,
        event.event_id,
        written_type(event, record),
        event.correlation_id,
        event.causation_id,
        _utc(event.occurred_at),
        read.topic if read else None,
        read.partition if read else None,
        read.offset if read else None,
        read.timestamp if read else None,
        sha256(value).digest(),
        record.key,
        value,
        headers_to_json(record.headers),
    )


def _require_fit(event: Event) -> None:
    if not event.sequence:
        raise PermanentError(f"event {event.event_id} has no number, so it has no place")
    if "\0" in event.aggregate_id or "\0" in event.correlation_id:
        raise PermanentError("an identifier contains a NUL character")


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PermanentError(f"the time {moment.isoformat()} is out of range") from None
