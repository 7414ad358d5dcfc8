# SPDX-License-Identifier: Apache-2.0
"""What can still be read of the event in a dead letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from services.dead_letters.letters.values import from_iso, last, number, text
from shared.correlation import is_correlation_id
from shared.messaging import headers as names
from shared.messaging.headers import Headers

MAX_NAME = 200
MAX_STRUCTURED = 1_048_576

_SERVICE = "service:"
_OBJECT = TypeAdapter(dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEvent:
    """The event a dead letter seems to hold; what is missing or not readable is None."""

    event_id: str | None = None
    event_type: str | None = None
    session_id: str | None = None
    correlation_id: str | None = None
    aggregate_id: str | None = None
    sequence: int | None = None
    occurred_at: datetime | None = None


def read_event(headers: Headers, value: bytes | None) -> DeadEvent:
    """Return what the CloudEvents attributes say, in binary or in structured mode; never raise."""
    attributes = {**_structured(headers, value), **_binary(headers)}
    subject = attributes.get("subject")
    correlation_id = attributes.get("correlationid")
    return DeadEvent(
        event_id=attributes.get("id"),
        event_type=attributes.get("type"),
        session_id=session_of(subject),
        correlation_id=correlation_id if is_correlation_id(correlation_id or "") else None,
        aggregate_id=subject,
        sequence=_place(attributes.get("sequence")),
        occurred_at=from_iso(attributes.get("time", "").encode() or None),
    )


def session_of(aggregate_id: str | None) -> str | None:
    """Return the session that an aggregate is, or None if it is a service."""
    return None if aggregate_id is None or aggregate_id.startswith(_SERVICE) else aggregate_id


def _binary(headers: Headers) -> dict[str, str]:
    found = {
        "id": last(headers, names.ID),
        "type": last(headers, names.TYPE),
        "subject": last(headers, names.SUBJECT),
        "sequence": last(headers, names.SEQUENCE),
        "time": last(headers, names.TIME),
        "correlationid": last(headers, names.CORRELATION_ID, names.FASTSTREAM_CORRELATION_ID),
    }
    return _readable(found)


def _place(sequence: str | None) -> int | None:
    """Return a number that an event can have; 0 is none yet."""
    digits = (sequence or "").lstrip("0").encode()
    return number(digits, binary=False) or None


def _structured(headers: Headers, value: bytes | None) -> dict[str, str]:
    content_type = last(headers, names.CONTENT_TYPE) or b""
    structured = content_type.startswith(b"application/cloudevents")
    if not structured or value is None or len(value) > MAX_STRUCTURED:
        return {}
    try:
        return _readable(_OBJECT.validate_json(value))
    except ValueError:
        return {}


def _readable(attributes: Mapping[str, object]) -> dict[str, str]:
    texts = {
        name: text(value, limit=MAX_NAME)
        for name, value in attributes.items()
        if isinstance(value, (str, bytes))
    }
    return {name: value for name, value in texts.items() if value is not None}
