# SPDX-License-Identifier: Apache-2.0
"""Says of redriven records that they were handled, so that their letters can be closed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.events import DeadLetterResolved, Event
from shared.messaging import headers as names
from shared.messaging.headers import readable
from shared.messaging.records import Delivery

Publish = Callable[[Event], Awaitable[None]]


async def tell_nobody(_: Sequence[Delivery]) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolutions:
    """Publishes ``DeadLetterResolved`` for what came from the retry topic and was handled.

    It is told after the effect and before the offset is committed: a crash between tells again,
    and the desk takes the second for the first.
    """

    service: str
    aggregate_id: str
    retry_topic: str
    publish: Publish

    async def tell(self, handled: Sequence[Delivery]) -> None:
        """Return when all that was redriven of ``handled`` is told of.

        Raises:
            DependencyDownError: the broker did not confirm.
        """
        for delivery in handled:
            if delivery.record.topic == self.retry_topic:
                await self._tell(delivery)

    async def _tell(self, delivery: Delivery) -> None:
        headers = readable(delivery.record.headers)
        redrive_id, letter_id = headers.get(names.REDRIVE_ID), headers.get(names.REDRIVE_LETTER)
        if redrive_id and letter_id:
            await self.publish(self._resolved(delivery.event, letter_id, redrive_id))

    def _resolved(self, event: Event | None, letter_id: str, redrive_id: str) -> DeadLetterResolved:
        resolved = DeadLetterResolved(
            aggregate_id=self.aggregate_id,
            dead_letter_id=letter_id,
            redrive_id=redrive_id,
            service=self.service,
            operator=self.service,
        )
        if event is None:
            return resolved
        return resolved.model_copy(
            update={
                "correlation_id": event.correlation_id,
                "causation_id": event.event_id,
                "dead_event_id": str(event.event_id),
                "dead_aggregate_id": event.aggregate_id,
                "dead_sequence": event.sequence or None,
                "dead_occurred_at": event.occurred_at,
            }
        )
