# SPDX-License-Identifier: Apache-2.0
"""Proves from the stored hashes of a log, reading a number of rows that grows logarithmically."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.tables import entries, nodes
from services.audit.transparency import Node, VerificationError
from services.audit.transparency.paths import (
    Span,
    consistency_path,
    fold,
    inclusion_path,
    stored_nodes,
)
from shared.database import among


class StoredTree:
    """The tree of one log, as it is stored."""

    def __init__(self, connection: AsyncConnection, log_id: int) -> None:
        self._connection = connection
        self._log_id = log_id

    async def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the hashes that lead from entry ``index`` to the root at ``size`` entries.

        Raises:
            VerificationError: there is no such entry.
        """
        return await self._hash(inclusion_path(index, size))

    async def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """Return the hashes that show the log of ``new`` entries to extend that of ``old``.

        Raises:
            VerificationError: ``new`` is smaller than ``old``.
        """
        return await self._hash(consistency_path(old, new))

    async def _hash(self, path: Sequence[Span]) -> list[bytes]:
        wanted = [node for span in path for node in stored_nodes(span)]
        stored = await self._read(wanted)
        if len(stored) < len(wanted):
            lost = next(node for node in wanted if node not in stored)
            raise VerificationError(f"log {self._log_id} has lost {lost}")
        return [fold(span, stored) for span in path]

    async def _read(self, wanted: Sequence[Node]) -> dict[Node, bytes]:
        numbers = defaultdict[int, list[int]](list)
        for level, number in wanted:
            numbers[level].append(number)
        found = dict[Node, bytes]()
        for level in numbers:
            rows = await self._connection.execute(self._hashes(level, numbers[level]))
            found |= {Node(level, number): digest for number, digest in rows}
        return found

    def _hashes(self, level: int, numbers: list[int]) -> Select[int, bytes]:
        if level == 0:
            return select(entries.c.position, entries.c.leaf_hash).where(
                entries.c.log_id == self._log_id,
                among(entries.c.position, numbers),
            )
        return select(nodes.c.number, nodes.c.hash).where(
            nodes.c.log_id == self._log_id,
            nodes.c.level == level,
            among(nodes.c.number, numbers),
        )
