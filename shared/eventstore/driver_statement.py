# SPDX-License-Identifier: Apache-2.0
"""A statement that is built with SQLAlchemy and run by the driver alone.

For one that is small and frequent: SQLAlchemy spends more on it than the server.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.dml import UpdateBase

from shared.database import Driver


class DriverStatement:
    """A statement with named parameters, compiled once."""

    def __init__(self, statement: UpdateBase) -> None:
        compiled: Any = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
        self._sql = str(compiled)
        self._names: Sequence[str] = compiled.positiontup

    async def changed(self, driver: Driver, values: Mapping[str, Any]) -> int:
        """Run the statement, and return how many rows it changed."""
        status = await driver.execute(self._sql, *map(values.__getitem__, self._names))
        return int(status.rpartition(" ")[2])
