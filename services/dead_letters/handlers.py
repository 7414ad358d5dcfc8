# SPDX-License-Identifier: Apache-2.0
"""Takes the records of the dead letter topic, and what services say of those sent back."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.dead_letters.store.erasing import Erasing
from services.dead_letters.store.intake import Intake, Kept
from services.dead_letters.store.resolving import Resolving
from shared.errors import DependencyDownError
from shared.events import DeadLetterResolved, SessionErasedEvent
from shared.messaging import Delivery
from shared.telemetry import Instruments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterSink:
    """Keeps every record of ``topic``; closes letters that were handled, erases what was ordered.

    What it cannot keep stops it, and is never dead-lettered again.
    """

    topic: str
    intake: Intake
    resolving: Resolving
    erasing: Erasing
    instruments: Instruments
    committed: Callable[[], None]

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Keep all records durably, each once ever, or none of them.

        Return how many had been kept before.

        Raises:
            DependencyDownError: they could not be kept, for whatever reason. No other error leaves
                here: the bus would write the record to the topic that it came from.
        """
        records = [each.record for each in deliveries if each.record.topic == self.topic]
        told = [
            each.event
            for each in deliveries
            if isinstance(each.event, DeadLetterResolved) and each.record.topic != self.topic
        ]
        orders = {
            each.event.session_id
            for each in deliveries
            if isinstance(each.event, SessionErasedEvent) and each.record.topic != self.topic
        }
        try:
            kept = await self.intake.keep(records) if records else Kept()
            resolved = await self.resolving.resolve(told) if told else 0
            if orders:
                await self.erasing.erase(orders)
        except DependencyDownError:
            raise
        except Exception as error:
            logger.exception("letters not kept", extra={"records": len(deliveries)})
            raise DependencyDownError("the desk", f"letters cannot be kept: {error}") from error
        self._note(kept, resolved)
        return kept.repeated

    def _note(self, kept: Kept, resolved: int) -> None:
        self.instruments.redrives.add(kept.failed_again, {"result": "failed"})
        self.instruments.redrives.add(resolved, {"result": "succeeded"})
        if kept.failed_again:
            self.committed()
        if resolved or kept != Kept():
            logger.info(
                "letters kept",
                extra={
                    "new": kept.new,
                    "again": kept.failed_again,
                    "repeated": kept.repeated,
                    "resolved": resolved,
                },
            )
