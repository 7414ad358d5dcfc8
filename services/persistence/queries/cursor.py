# SPDX-License-Identifier: Apache-2.0
"""Where the next page begins, as text that means something to this service alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from shared.http import Problem

_PLACE = TypeAdapter[tuple[datetime, str]](tuple[AwareDatetime, str])
_SEQUENCE = TypeAdapter[int](int)
_NAME = TypeAdapter[str](Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")])


def write_place(moment: datetime, session_id: str) -> str:
    """Return the cursor behind a session."""
    return _write(_PLACE.dump_json((moment, session_id)))


def read_place(cursor: str) -> tuple[datetime, str]:
    """Return the place that ``write_place`` wrote."""
    place: tuple[datetime, str] = _read(_PLACE, cursor)
    return place


def write_sequence(sequence: int) -> str:
    """Return the cursor behind an event."""
    return _write(_SEQUENCE.dump_json(sequence))


def read_sequence(cursor: str | None) -> int:
    """Return the number that ``write_sequence`` wrote; 0 without a cursor."""
    sequence: int = 0 if cursor is None else _read(_SEQUENCE, cursor)
    return sequence


def write_name(name: str) -> str:
    """Return the cursor behind a name."""
    return _write(_NAME.dump_json(name))


def read_name(cursor: str | None) -> str:
    """Return the name that ``write_name`` wrote; without a cursor, what comes before all names."""
    name: str = "" if cursor is None else _read(_NAME, cursor)
    return name


def _write(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _read(adapter: TypeAdapter[Any], cursor: str) -> Any:
    try:
        return adapter.validate_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, ValidationError):
        raise Problem(422, "Invalid request", "the cursor is not one of this service") from None
