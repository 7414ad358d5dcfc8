# SPDX-License-Identifier: Apache-2.0
"""What consumers have in hand, in PostgreSQL."""

from collections.abc import Collection, Mapping

from sqlalchemy import MetaData, Row, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from shared.attempts.tables import in_hand_table
from shared.database import Database
from shared.messaging.in_hand import InHand, Place


class PostgresInHand:
    """Keeps what is in hand in the table ``in_hand`` of a service's schema."""

    def __init__(self, database: Database, *, schema: str) -> None:
        self._database = database
        self._table = in_hand_table(MetaData(), schema)

    async def load(self, places: Collection[Place]) -> Mapping[Place, InHand]:
        """Return what was saved last of those places.

        Raises:
            DependencyDownError: the database does not answer.
        """
        table = self._table
        wanted = tuple_(table.c.topic, table.c.partition).in_(sorted(places))
        async with self._database.connect() as connection:
            rows = await connection.execute(select(table).where(wanted))
            return {(row.topic, row.partition): _in_hand(row) for row in rows}

    async def save(self, entries: Mapping[Place, InHand]) -> None:
        """Replace what is kept of those places.

        Raises:
            DependencyDownError: the database does not answer.
        """
        if not entries:
            return
        rows = [
            {
                "topic": topic,
                "partition": partition,
                "position": entry.position,
                "begun": entry.begun,
                "alone": entry.alone,
                "failed": dict(entry.failed),
            }
            for (topic, partition), entry in sorted(entries.items(), key=lambda item: item[0])
        ]
        statement = insert(self._table)
        changed = ("position", "begun", "alone", "failed")
        replacing = statement.on_conflict_do_update(
            index_elements=["topic", "partition"],
            set_={name: statement.excluded[name] for name in changed} | {"saved_at": func.now()},
        )
        async with self._database.begin() as connection:
            await connection.execute(replacing, rows)


def _in_hand(row: Row[tuple[object, ...]]) -> InHand:
    return InHand(position=row.position, begun=row.begun, alone=row.alone, failed=row.failed)
