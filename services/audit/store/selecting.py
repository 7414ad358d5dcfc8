# SPDX-License-Identifier: Apache-2.0
"""What the queries of this service have in common."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Row, Select, any_, literal

from shared.database import Database

T = TypeVar("T")

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]


def among(column: ColumnElement[T], values: Iterable[T]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``values``.

    All values are one parameter, so that the database prepares one statement for any number.
    """
    return column == any_(literal(list(values), ARRAY(column.type)))


async def select_all(database: Database, query: AnySelect) -> Sequence[AnyRow]:
    """Return all rows of ``query``.

    Raises:
        DependencyDownError: the database does not answer.
    """
    async with database.connect() as connection:
        return (await connection.execute(query)).all()
