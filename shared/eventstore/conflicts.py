# SPDX-License-Identifier: Apache-2.0
"""Events that cannot both be true, and writers that were not up to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.errors import ConflictError
from shared.eventstore.entries import Entry


class ConflictKind(StrEnum):
    """In what way an event contradicts one that is stored."""

    PLACE_TAKEN = "place_taken"
    BYTES_DIFFER = "bytes_differ"
    ID_REUSED = "id_reused"


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event that arrived, and the stored one that it contradicts."""

    kind: ConflictKind
    entry: Entry
    stored_event_id: UUID

    def __str__(self) -> str:
        match self.kind:
            case ConflictKind.PLACE_TAKEN:
                return (
                    f"stream {self.entry.aggregate_id!r} has event {self.stored_event_id} at"
                    f" {self.entry.sequence}, not {self.entry.event_id}"
                )
            case ConflictKind.BYTES_DIFFER:
                return f"event {self.entry.event_id} is stored with other bytes"
            case ConflictKind.ID_REUSED:
                return (
                    f"event {self.entry.event_id} is stored elsewhere, not at"
                    f" {self.entry.sequence} of stream {self.entry.aggregate_id!r}"
                )


class StreamConflictError(ConflictError):
    """The stream is not where the writer took it to be; nothing was written."""

    @classmethod
    def version(cls, aggregate_id: str, *, actual: int, expected: int) -> "StreamConflictError":
        """Return the error of a writer that expected another version."""
        return cls(f"stream {aggregate_id!r} is at version {actual}, not {expected}")

    @classmethod
    def gap(cls, aggregate_id: str, *, version: int) -> "StreamConflictError":
        """Return the error of a writer to a stream that misses an event."""
        return cls(f"stream {aggregate_id!r} waits for event {version + 1}, which is missing")


class EventConflictError(StreamConflictError):
    """Events contradict what is stored; ``conflicts`` says which, and nothing was written."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
        super().__init__(f"{conflicts[0]}{more}")
        self.conflicts = tuple(conflicts)
