# SPDX-License-Identifier: Apache-2.0
"""Evidence to hand out: what a client can check against a checkpoint, trusting nobody."""

from sqlalchemy import select

from services.audit.store.entry_queries import EntryQueries
from services.audit.store.log_queries import LogQueries
from services.audit.store.stored_tree import StoredTree
from services.audit.tables import heads
from services.audit.trail.appending import Place
from services.audit.transparency import Checkpoint, Note, Proof, VerificationError
from shared.database import Database


class Evidence:
    """Proofs about the stored logs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entries = EntryQueries(database)
        self._logs = LogQueries(database)

    async def proof(self, place: Place) -> Proof | None:
        """Return the proof that an entry is in its log; None while no checkpoint covers it."""
        found = await self._entries.entry(place)
        note = await self._logs.checkpoint(place.log_id)
        size = 0 if note is None else Checkpoint.parse(Note.parse(note).text).size
        if found is None or note is None or place.position >= size:
            return None
        async with self._database.connect() as connection:
            tree = StoredTree(connection, place.log_id)
            path = await tree.inclusion_proof(place.position, size)
        return Proof(
            leaf=found.entry.leaf(), index=place.position, path=tuple(path), checkpoint=note
        )

    async def consistency(self, log_id: int, *, old: int, new: int) -> list[bytes]:
        """Return the proof that a log of ``new`` entries begins with those it had at ``old``.

        Raises:
            VerificationError: ``new`` is smaller than ``old``, or larger than the log.
        """
        async with self._database.connect() as connection:
            size = await connection.scalar(select(heads.c.size).where(heads.c.log_id == log_id))
            if size is None or size < new:
                raise VerificationError(f"log {log_id} never had {new} entries")
            return await StoredTree(connection, log_id).consistency_proof(old, new)
