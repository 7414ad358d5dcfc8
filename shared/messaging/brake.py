# SPDX-License-Identifier: Apache-2.0
"""Stops a consumer that fails at too much, before it has dead-lettered the whole topic."""

from dataclasses import dataclass
from typing import Protocol

from shared.messaging.failure_limit import FailureLimit
from shared.messaging.halt import Halt
from shared.messaging.records import Record


class FailureBrake(Protocol):
    """Knows when a service has failed at too much to go on."""

    def applied(self, records: int = 1) -> None:
        """Note that records had their effect."""
        ...

    async def failed(self, record: Record, error: Exception) -> None:
        """Note that the service gives up on ``record``; never return if that is one too many."""
        ...


class NoBrake:
    """Lets a service fail at everything."""

    def applied(self, records: int = 1) -> None:
        """Do nothing."""

    async def failed(self, record: Record, error: Exception) -> None:
        """Return at once."""


@dataclass(slots=True, kw_only=True)
class Brake:
    """Counts the failures of our own handling, and halts the consumer at the limit.

    Only what arrives from the topics of events counts. Undecodable records do not, for then anybody
    who can write to a topic could stop its readers; and redriven ones do not, since they are known
    to have failed, and whoever redrives them looks at what becomes of them.
    """

    limit: FailureLimit
    halt: Halt
    retry_topic: str

    def applied(self, records: int = 1) -> None:
        """Note that records had their effect."""
        self.limit.applied(records)

    async def failed(self, record: Record, error: Exception) -> None:
        """Note that the service gives up on ``record``; never return if that is one too many."""
        if self.halt.reason is not None:
            await self.halt.hold(self.halt.reason, error)
        if record.topic == self.retry_topic:
            return
        reached = self.limit.failed()
        if reached:
            await self.halt.hold(reached, error)
