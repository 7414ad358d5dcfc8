# SPDX-License-Identifier: Apache-2.0
"""Takes the records of the dead letter topic, whatever is in them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.dead_letters.store.intake import Intake
from shared.errors import DependencyDownError
from shared.messaging import Delivery
from shared.telemetry import Instruments

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterSink:
    """Keeps every record; a record it cannot keep stops it, and is never dead-lettered again."""

    intake: Intake
    instruments: Instruments
    committed: Callable[[], None]

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Keep all records durably, each once ever, or none of them.

        Return how many had been kept before.

        Raises:
            DependencyDownError: they could not be kept, for whatever reason. No other error leaves
                here: the bus would write the record to the topic that it came from.
        """
        try:
            kept = await self.intake.keep([delivery.record for delivery in deliveries])
        except DependencyDownError:
            raise
        except Exception as error:
            logger.exception("letters not kept", extra={"records": len(deliveries)})
            raise DependencyDownError("the desk", f"letters cannot be kept: {error}") from error
        if kept.failed_again:
            self.instruments.redrives.add(kept.failed_again, {"result": "failed"})
            self.committed()
        logger.info(
            "letters kept",
            extra={"new": kept.new, "again": kept.failed_again, "repeated": kept.repeated},
        )
        return kept.repeated
