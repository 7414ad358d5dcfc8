# SPDX-License-Identifier: Apache-2.0
"""What the queries of this service have in common."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select

from shared.database import Database

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


async def select_all(database: Database, query: AnySelect) -> Sequence[AnyRow]:
    """Return all rows of ``query``.

    Raises:
        DependencyDownError: the database does not answer.
    """
    async with database.connect() as connection:
        return (await connection.execute(query)).all()
