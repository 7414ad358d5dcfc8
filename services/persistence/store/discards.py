# SPDX-License-Identifier: Apache-2.0
"""Puts something into the place of an event that this service gave up and an operator discarded."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from services.persistence.tables import events
from shared.database import Database, among
from shared.events import DeadLetterDiscarded, Topics
from shared.eventstore.entries import Entry, Place, entry_of
from shared.messaging import Delivery, encode

SERVICE = "persistence"
"""The name that is on the dead letters of this service."""

StandIns = Mapping[Place, DeadLetterDiscarded]


class Discards:
    """What was discarded among the events that arrive.

    A stand-in is an event like any other to whoever reads the stream, so state, timeline, export
    and every rebuild from the stored events go on behind it as the live read models do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def among(self, deliveries: Sequence[Delivery]) -> StandIns:
        """Return what has to stand in the places of events that were dead letters of this service.

        Letters of others are theirs to skip.
        """
        found = stand_ins(deliveries)
        if not found:
            return found
        taken = await self._stored_elsewhere(found)
        return {
            place: each.without_id() if each.event_id in taken else each
            for place, each in found.items()
        }

    async def _stored_elsewhere(self, found: StandIns) -> set[UUID]:
        """Return the ids that are those of stored events: discarded was a second use of them."""
        query = select(events.c.event_id, events.c.aggregate_id, events.c.sequence).where(
            among(events.c.event_id, [each.event_id for each in found.values()])
        )
        async with self._database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return {row.event_id for row in rows if Place(row.aggregate_id, row.sequence) not in found}


def stand_ins(deliveries: Sequence[Delivery]) -> StandIns:
    """Return the stand-ins for what this service gave up, by their places."""
    discards = (each.event for each in deliveries if isinstance(each.event, DeadLetterDiscarded))
    found = (each.stand_in() for each in discards if each.service == SERVICE)
    return {Place(each.aggregate_id, each.sequence): each for each in found if each}


def entries_of_stand_ins(found: StandIns) -> list[Entry]:
    """Return the rows of stand-ins, which came from no topic as they are."""
    return [entry_of(each, encode(each, Topics())) for each in found.values()]
