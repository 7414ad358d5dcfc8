# SPDX-License-Identifier: Apache-2.0
"""Tells failures of single records from a service that fails at everything."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class FailureLimit:
    """Bounds how many records a service may give up on, in a row and as a share of the latest.

    A few bad records are dead letters, and the service goes on. A bad release gives up on all
    that it gets; without a bound it would move the whole topic to the dead letter queue before
    anybody has looked. 0 for ``in_a_row`` and 1 for ``share`` are no bound.
    """

    in_a_row: int
    share: float
    window: int
    _row: int = 0
    _failed: int = 0
    _seen: int = 0
    _runs: deque[tuple[bool, int]] = field(default_factory=deque[tuple[bool, int]])

    def applied(self, records: int = 1) -> None:
        """Note that ``records`` had their effect."""
        if records > 0:
            self._row = 0
            self._note(failed=False, records=records)

    def failed(self) -> str | None:
        """Note that the service gives up on a record; return which bound is reached, if one is."""
        self._row += 1
        self._note(failed=True, records=1)
        if 0 < self.in_a_row <= self._row:
            return f"{self._row} records in a row failed"
        full = self._seen >= self.window
        if full and self.share < 1 and self._failed >= self.share * self.window:
            return f"{self._failed} of the last {self._seen} records failed"
        return None

    def _note(self, *, failed: bool, records: int) -> None:
        records = min(records, self.window)
        self._runs.append((failed, records))
        self._count(failed=failed, records=records)
        while (excess := self._seen - self.window) > 0:
            oldest, length = self._runs.popleft()
            if length > excess:
                self._runs.appendleft((oldest, length - excess))
            self._count(failed=oldest, records=-min(length, excess))

    def _count(self, *, failed: bool, records: int) -> None:
        self._seen += records
        self._failed += records if failed else 0
