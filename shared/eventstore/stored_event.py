# SPDX-License-Identifier: Apache-2.0
"""An event as the store gives it back: the bytes that came, and what they say."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from shared.errors import DecodingError, DecodingProblem
from shared.events import Event
from shared.eventstore.entries import Coordinates, Entry, coordinates_at
from shared.eventstore.headers import headers_from_json, texts_from_json
from shared.messaging.codec import decode, event_of
from shared.messaging.headers import Headers
from shared.messaging.records import Record


class StoredEvent(NamedTuple):
    """A stored event; without coordinates if it did not come from Kafka.

    ``value`` is empty where the record was archived. It has other bytes than those that came where
    something was erased in it; ``digest`` is that of the bytes that came. The fields are in the
    order in which ``EventReader`` selects them.
    """

    aggregate_id: str
    sequence: int
    event_id: UUID
    type_name: str
    correlation_id: str
    causation_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    topic: str | None
    partition: int | None
    offset: int | None
    timestamp: int | None
    digest: bytes
    key: bytes | None
    value: bytes
    headers_json: str
    erased_at: datetime | None = None
    archived: bool = False

    @classmethod
    def of(cls, entry: Entry, *, recorded_at: datetime) -> "StoredEvent":
        """Return a row as it is read."""
        return cls(
            aggregate_id=entry.aggregate_id,
            sequence=entry.sequence,
            event_id=entry.event_id,
            type_name=entry.type,
            correlation_id=entry.correlation_id,
            causation_id=entry.causation_id,
            occurred_at=entry.occurred_at,
            recorded_at=recorded_at,
            topic=entry.topic,
            partition=entry.partition,
            offset=entry.offset,
            timestamp=entry.timestamp,
            digest=entry.digest,
            key=entry.key,
            value=entry.value,
            headers_json=entry.headers,
            erased_at=entry.erased_at,
        )

    @property
    def coordinates(self) -> Coordinates | None:
        """Return where on Kafka the record was read."""
        return coordinates_at(self.topic, self.partition, self.offset)

    def event(self) -> Event:
        """Return the event, in the current version of its type.

        Raises:
            DecodingError: this program does not know the type any more, or not yet, or the bytes
                are in the archive.
        """
        if self.archived:
            month = f"{self.recorded_at.astimezone(UTC):%Y-%m}"
            raise DecodingError(
                DecodingProblem.EMPTY,
                f"what it says is in the archive of {month} (agentctl history read-archive)",
            )
        attributes = texts_from_json(self.headers_json)
        if attributes is None:  # there is something odd in them, which has a name
            return decode(self.record(), max_bytes=len(self.value))
        return event_of(attributes, self.value)

    @property
    def headers(self) -> Headers:
        """Return the headers as they came."""
        return headers_from_json(self.headers_json)

    def record(self) -> Record:
        """Return the record that brought the event; what was appended here has no coordinates."""
        topic, partition, offset = self.coordinates or ("", -1, -1)
        return Record(
            topic=topic,
            partition=partition,
            offset=offset,
            timestamp=self.timestamp or 0,
            key=self.key,
            value=self.value,
            headers=self.headers,
        )
