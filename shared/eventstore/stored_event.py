# SPDX-License-Identifier: Apache-2.0
"""An event as the store gives it back: the bytes that came, and what they say."""

import re
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from shared.errors import DecodingError, DecodingProblem
from shared.events import Event
from shared.eventstore.entries import Coordinates, Entry, coordinates_at
from shared.eventstore.headers import headers_from_json
from shared.messaging.codec import STRUCTURED, decode, event_in
from shared.messaging.headers import Headers
from shared.messaging.records import Record

_SOURCE = re.compile(r'\["ce_source","([^"\\]+)"\]')
"""The one part of an envelope that is in its headers alone, as ``headers_to_json`` writes it."""


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

        Its envelope is in the columns, which are quicker to read than the headers.

        Raises:
            DecodingError: this program does not know the type any more, or not yet, or the bytes
                are in the archive.
        """
        source = _SOURCE.search(self.headers_json)
        if self.archived or source is None or STRUCTURED in self.headers_json:
            return self.decoded()
        envelope = {
            "event_id": self.event_id,
            "source": source[1],
            "occurred_at": self.occurred_at,
            "aggregate_id": self.aggregate_id,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "sequence": self.sequence,
        }
        return event_in(self.type_name, envelope, self.value)

    def decoded(self) -> Event:
        """Return what the headers and the value say, whatever is in the columns.

        Raises:
            DecodingError: as ``event`` does, or they are no event.
        """
        if self.archived:
            month = f"{self.recorded_at.astimezone(UTC):%Y-%m}"
            raise DecodingError(
                DecodingProblem.EMPTY,
                f"what it says is in the archive of {month}: agentctl history read-archive shows"
                " it, python -m deploy.archive --restore puts it back",
            )
        return decode(self.record(), max_bytes=len(self.value))

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
