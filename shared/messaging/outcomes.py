# SPDX-License-Identifier: Apache-2.0
"""What became of the records of a batch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from shared.messaging.records import Delivery

Outcome = Literal["applied", "dead_lettered", "ignored"]


@dataclass(slots=True)
class Outcomes:
    """Which deliveries of a batch were not applied, known by their identity in this process."""

    dead_lettered: set[int] = field(default_factory=set[int])
    ignored: set[int] = field(default_factory=set[int])

    def of(self, delivery: Delivery) -> Outcome:
        """Return what became of ``delivery``."""
        if id(delivery) in self.dead_lettered:
            return "dead_lettered"
        return "ignored" if id(delivery) in self.ignored else "applied"

    def without_dead_letters(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Return the deliveries that are no dead letters so far."""
        return [each for each in deliveries if id(each) not in self.dead_lettered]
