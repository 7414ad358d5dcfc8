# SPDX-License-Identifier: Apache-2.0
"""Values as the database can hold them.

An event that can be decoded can be projected. Whatever a foreign producer writes into it (a number
that overflows, text that no column takes) is bounded here, and stays exact in the stored event.
"""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

MAX_KEY = 500
MAX_ADDEND = 10**12
MAX_INTEGER = 2**63 - 1
MAX_NUMBER = 10**15
_KEPT = 400


@lru_cache(maxsize=1024)
def fit_key(value: str) -> str:
    """Return an identifier that can be part of a key; a longer one ends in its digest."""
    value = fit_text(value)
    if len(value) <= MAX_KEY:
        return value
    return f"{value[:_KEPT]}~{sha256(value.encode()).hexdigest()}"


def fit_text(value: str) -> str:
    """Return text without NUL characters, which PostgreSQL does not take."""
    return value.replace("\0", "\ufffd") if "\0" in value else value


def fit(value: Any) -> Any:
    """Return any value of a column within its bounds."""
    bounded = _BOUNDS.get(value.__class__)
    return bounded(value) if bounded else value


def fit_addend(value: int | Decimal) -> int | Decimal:
    """Return a value that can be added very often without an overflow."""
    if -MAX_ADDEND <= value <= MAX_ADDEND:
        return value
    return value.__class__(MAX_ADDEND if value > 0 else -MAX_ADDEND)


def _fit_integer(value: int) -> int:
    if -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    return MAX_INTEGER if value > 0 else -MAX_INTEGER


def _fit_number(value: Any) -> Any:
    kind = value.__class__
    return min(max(value, kind(-MAX_NUMBER)), kind(MAX_NUMBER))


def _fit_time(value: datetime) -> datetime | None:
    if MINYEAR < value.year < MAXYEAR:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None


_BOUNDS: dict[type[Any], Callable[[Any], Any]] = {
    str: fit_text,
    int: _fit_integer,
    float: _fit_number,
    Decimal: _fit_number,
    datetime: _fit_time,
}
