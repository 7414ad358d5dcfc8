# SPDX-License-Identifier: Apache-2.0
"""Records the events of the desk in the transaction of what they tell of."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.dead_event import DeadEvent
from services.dead_letters.tables import sequences
from shared.events import Event, Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.observation import stamp
from shared.outbox import Outbox

AGGREGATE = "service:dead_letters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Adds to the outbox: events with their numbers, and records as they are."""

    outbox: Outbox
    topics: Topics

    async def event(self, connection: AsyncConnection, event: Event) -> None:
        """Record an event of the desk with the next number, without gaps.

        The row of the number stays locked until the transaction ends, so the events of all
        processes of the service are published in the order of their numbers.
        """
        first = insert(sequences).values(aggregate_id=AGGREGATE, last=1)
        number = await connection.scalar(
            first.on_conflict_do_update(
                index_elements=[sequences.c.aggregate_id], set_={"last": sequences.c.last + 1}
            ).returning(sequences.c.last)
        )
        recorded = event.recorded(sequence=number or 0, source=f"/{AGGREGATE}")
        record = encode(recorded, self.topics)
        await self.outbox.add(connection, [replace(record, headers=stamp(record.headers))])

    async def record(self, connection: AsyncConnection, record: OutgoingRecord) -> None:
        """Record what is to be written to a topic."""
        await self.outbox.add(connection, [record])


def about(letter_id: UUID, service: str | None, event: DeadEvent) -> dict[str, Any]:
    """Return what an event says of the letter it is about.

    It belongs to the conversation of the dead event, and is caused by it, where these are known.
    """
    fields: dict[str, Any] = {
        "aggregate_id": AGGREGATE,
        "dead_letter_id": str(letter_id),
        "service": service or "",
        "dead_event_id": event.event_id,
        "dead_aggregate_id": event.aggregate_id,
        "dead_sequence": event.sequence,
        "dead_occurred_at": event.occurred_at,
    }
    if event.correlation_id:
        fields["correlation_id"] = event.correlation_id
    with suppress(ValueError):
        fields["causation_id"] = UUID(event.event_id or "")
    return fields
