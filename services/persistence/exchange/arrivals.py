# SPDX-License-Identifier: Apache-2.0
"""From the line of an export to the event that it holds, as it will be stored here. No I/O."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.persistence.exchange.checking import explained
from services.persistence.exchange.lines import Origin
from shared.errors import PermanentError
from shared.events import Event
from shared.events.base import MAX_SEQUENCE
from shared.eventstore.entries import Coordinates, Entry, entry_of
from shared.messaging.codec import decode
from shared.messaging.records import OutgoingRecord, Record


class UnreadableLineError(PermanentError):
    """A line holds no event that could be stored as this session's."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event from elsewhere: as a row here, as an event, and as it was recorded there.

    The row has no Kafka coordinates, since no topic here brought it.
    """

    entry: Entry
    event: Event
    origin: Origin


def arrival(session_id: str, fields: Mapping[str, Any]) -> Arrival:
    """Return the event of a line.

    Raises:
        UnreadableLineError: a field is not as it has to be, the event cannot be read, or it is
            another one than the line says.
    """
    try:
        line = _Line.model_validate(fields)
        event = decode(_record(line), max_bytes=len(line.value))
        entry = entry_of(event, OutgoingRecord("", line.key, line.value, _headers(line)))
    except ValidationError as error:
        raise UnreadableLineError(explained(error)) from None
    except PermanentError as error:
        raise UnreadableLineError(f"its event cannot be read: {error}") from error
    _require_same(session_id, line, entry)
    return Arrival(_as_it_came(line, entry), event, _origin(line))


def _bytes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return b64decode(value, validate=True)
    except Base64Error:
        raise ValueError("it is no Base64") from None


_Bytes = Annotated[bytes, BeforeValidator(_bytes)]
_Number = Annotated[int, Field(ge=-MAX_SEQUENCE, le=MAX_SEQUENCE)]
_Topic = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class _Line(BaseModel):
    """The fields of an event's line."""

    model_config = ConfigDict(frozen=True)

    sequence: int = Field(ge=1, le=MAX_SEQUENCE)
    event_id: UUID
    type: str
    occurred_at: AwareDatetime
    recorded_at: AwareDatetime
    kafka: tuple[_Topic, _Number, _Number] | None
    timestamp: _Number | None
    key: _Bytes | None
    headers: list[tuple[str, _Bytes | None]] = Field(max_length=1000)
    value: _Bytes
    erased_at: AwareDatetime | None = None
    original_digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


def _record(line: _Line) -> Record:
    return Record("", -1, -1, 0, line.key, line.value, _headers(line))


def _headers(line: _Line) -> tuple[tuple[str, bytes | None], ...]:
    return tuple(line.headers)


def _require_same(session_id: str, line: _Line, entry: Entry) -> None:
    """Refuse an event that is another one than the line says, or of something else."""
    if entry.aggregate_id != session_id:
        raise UnreadableLineError(f"its event is of {entry.aggregate_id!r}, not of {session_id!r}")
    for name in ("sequence", "event_id", "type", "occurred_at"):
        if getattr(line, name) != getattr(entry, name):
            raise UnreadableLineError(f"its {name} is not that of its event")


def _as_it_came(line: _Line, entry: Entry) -> Entry:
    if line.erased_at is None or line.original_digest is None:
        return entry
    digest = bytes.fromhex(line.original_digest)
    return entry._replace(digest=digest, erased_at=line.erased_at)


def _origin(line: _Line) -> Origin:
    return Origin(
        coordinates=Coordinates(*line.kafka) if line.kafka else None,
        timestamp=line.timestamp,
        recorded_at=line.recorded_at,
    )
