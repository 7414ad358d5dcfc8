# SPDX-License-Identifier: Apache-2.0
"""Months: which there are, and which are old enough. No I/O."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        """Return the month of a moment."""
        utc = moment.astimezone(UTC)
        return cls(utc.year, utc.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Return the month that is written as ``2026-10``.

        Raises:
            ValueError: it is not.
        """
        found = _WRITTEN.fullmatch(text)
        if not found:
            raise ValueError(f"{text[:20]!r} is no month; write it as 2026-10")
        return cls(int(found[1]), int(found[2]))

    def back(self, months: int) -> "Month":
        """Return the month so many before this one."""
        year, index = divmod(self.year * 12 + self.number - 1 - months, 12)
        return Month(year, index + 1)

    @property
    def begins(self) -> datetime:
        """Return its first moment."""
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        """Return the first moment that is not in it any more."""
        return self.back(-1).begins

    @property
    def table(self) -> str:
        """Return the name of its partition."""
        return f"records_{self.year:04}_{self.number:02}"

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def first_kept(before: str | None, keep_months: int, now: datetime) -> Month | None:
    """Return the first month that stays; None if all do. The running month always stays.

    Raises:
        ValueError: ``before`` is no month, or after the running one.
    """
    running = Month.of(now)
    if before is not None:
        chosen = Month.parse(before)
        if chosen > running:
            raise ValueError(f"{chosen} has not begun; the running month is {running}")
        return chosen
    return running.back(keep_months) if keep_months else None
