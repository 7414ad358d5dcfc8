# SPDX-License-Identifier: Apache-2.0
"""Figures as whole numbers, so that a sum is the same in whatever order it is added up."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

PER_SECOND: Final = 1_000_000
"""Durations are kept in microseconds."""

PER_USD: Final = 1_000_000_000
"""Cost is kept in thousand-millionths of a dollar."""

MOST: Final = 10**15
"""What one event counts at most: 31 years, or a million dollars; no sum gets near 64 bits."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def whole(amount: int) -> int:
    """Return a count of an event, bounded."""
    return min(amount, MOST)


def micros(seconds: float) -> int:
    """Return a duration in microseconds, bounded."""
    return round(min(seconds, MOST / PER_SECOND) * PER_SECOND)


def nano_usd(cost: Decimal) -> int:
    """Return a cost in thousand-millionths of a dollar, bounded; none is below zero."""
    bounded = max(Decimal(0), min(cost, Decimal(MOST) / PER_USD))
    return int((bounded * PER_USD).to_integral_value(ROUND_HALF_EVEN))


def seconds(amount: int) -> float:
    """Return microseconds as seconds."""
    return amount / PER_SECOND


def usd(amount: int) -> Decimal:
    """Return a kept cost in dollars."""
    return Decimal(amount) / PER_USD


def epoch_micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970; none is before."""
    return max(0, (moment - _BEGINNING) // timedelta(microseconds=1))


def moment(epoch: int) -> datetime:
    """Return the moment that is so many microseconds after 1970."""
    return _BEGINNING + timedelta(microseconds=epoch)
