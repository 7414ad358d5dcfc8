# SPDX-License-Identifier: Apache-2.0
"""Reads the values of headers that anybody may have written; what cannot be read is None."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.messaging.headers import Headers

MAX_INT32 = 2**31 - 1
MAX_INT64 = 2**63 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(rb"[0-9]{1,19}")
_BINARY_SIZES = (1, 2, 4, 8)


def last(headers: Headers, *names: str) -> bytes | None:
    """Return the value of the first name that has one; of a repeated name, the last value."""
    for name in names:
        for found, value in reversed(headers):
            if found == name and value is not None:
                return value
    return None


def text(value: bytes | str | None, *, limit: int) -> str | None:
    """Return at most ``limit`` characters that PostgreSQL can store; None for nothing."""
    if not value:
        return None
    decoded = value if isinstance(value, str) else value[: limit * 4].decode(errors="replace")
    storable = decoded.encode(errors="replace").decode().replace("\0", "\ufffd")
    return storable[:limit] or None


def tail(value: bytes | None, *, limit: int) -> str | None:
    """Return the last ``limit`` characters at most that PostgreSQL can store; None for nothing."""
    found = text((value or b"")[-limit * 4 :], limit=limit * 4)
    return found[-limit:] if found else None


def number(value: bytes | None, *, binary: bool, maximum: int = MAX_INT64) -> int | None:
    """Return a number from 0 to ``maximum``, written in digits or (``binary``) big-endian bytes."""
    if value is None:
        return None
    if binary and len(value) in _BINARY_SIZES:
        found = int.from_bytes(value, signed=True)
    elif _DIGITS.fullmatch(value):
        found = int(value)
    else:
        return None
    return found if 0 <= found <= maximum else None


def from_milliseconds(milliseconds: int | None) -> datetime | None:
    """Return the time that is so many milliseconds after 1970."""
    if milliseconds is None or milliseconds < 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def from_iso(value: bytes | None) -> datetime | None:
    """Return the time written in ISO 8601; without an offset it is UTC."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value[:64].decode())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_uuid(value: str | None) -> UUID | None:
    """Return the UUID that is written so."""
    try:
        return UUID(value) if value else None
    except ValueError:
        return None
