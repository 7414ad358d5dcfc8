# SPDX-License-Identifier: Apache-2.0
"""Begins rebuilds of the read models, and says how far they are."""

from sqlalchemy import select

from services.persistence.store.rebuilding import Rebuilding
from services.persistence.tables import rebuilds
from services.persistence.views.rebuilds import RebuildView
from shared.database import Database
from shared.http import Problem

SHOWN = 20


class RebuildQueries:
    """Rebuilds, the newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rebuilding = Rebuilding(database)

    async def begin(self) -> RebuildView:
        """Begin a rebuild, which some copy of the service carries out.

        Raises:
            Problem: one goes on already.
        """
        number = await self._rebuilding.begin()
        if number is None:
            raise Problem(409, "Going on already", "the read models are being rebuilt")
        return next(each for each in await self.last() if each.id == number)

    async def last(self) -> list[RebuildView]:
        """Return the last rebuilds."""
        query = select(rebuilds).order_by(rebuilds.c.id.desc()).limit(SHOWN)
        async with self._database.connect() as connection:
            return [RebuildView.model_validate(row) for row in await connection.execute(query)]
