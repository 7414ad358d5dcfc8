# SPDX-License-Identifier: Apache-2.0
"""Records as they are on a topic: raw bytes with coordinates."""

from dataclasses import dataclass
from typing import Any, Self

from shared.errors import DecodingError
from shared.events import Event
from shared.messaging.headers import Headers


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was read; the timestamp is in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @classmethod
    def of(cls, fetched: Any) -> Self:
        """Return what the client library fetched."""
        return cls(
            topic=fetched.topic,
            partition=fetched.partition,
            offset=fetched.offset,
            timestamp=fetched.timestamp,
            key=fetched.key,
            value=fetched.value,
            headers=tuple(fetched.headers),
        )

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """A record to be written; without a partition, the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record as a consumer gets it: the event it holds, or the problem in reading one."""

    record: Record
    event: Event | None
    problem: DecodingError | None = None
