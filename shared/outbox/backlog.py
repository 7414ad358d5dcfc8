# SPDX-License-Identifier: Apache-2.0
"""How much may wait in an outbox before new work is refused."""

from dataclasses import dataclass, field
from datetime import timedelta

from shared.outbox.store import Depth


@dataclass(slots=True, kw_only=True)
class Backlog:
    """Knows the last depth that the relay has measured, and whether it is too much.

    The relay measures also while Kafka is down, which is when an outbox grows. A limit of 0 is
    none.
    """

    max_records: int
    max_age: timedelta
    depth: Depth = field(default_factory=lambda: Depth(records=0, oldest_seconds=0.0))

    def note(self, depth: Depth) -> None:
        """Take in what was measured last."""
        self.depth = depth

    @property
    def too_much(self) -> str | None:
        """Return what is too much, or None."""
        records, age = self.depth.records, self.depth.oldest_seconds
        if self.max_records and records > self.max_records:
            return f"{records} events wait to be published, more than {self.max_records}"
        limit = self.max_age.total_seconds()
        if limit and age > limit:
            return f"events have waited {age:.0f} s to be published, longer than {limit:.0f} s"
        return None
