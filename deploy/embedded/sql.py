# SPDX-License-Identifier: Apache-2.0
"""A plain connection to PostgreSQL, for what is done to a server rather than to its tables."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg

_TIMEOUT_SECONDS = 10


class SqlConnection(Protocol):
    """What we use of a connection of asyncpg, which has no types; each statement commits."""

    async def execute(self, statement: str, *values: object) -> str:
        """Execute a statement."""
        ...

    async def fetch(self, query: str, *values: object) -> Sequence[Any]:
        """Return the rows of a query."""
        ...

    async def fetchval(self, query: str, *values: object) -> Any:
        """Return the first column of the first row, or None without a row."""
        ...


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[SqlConnection]:
    """Give a connection to a server on this machine, so without TLS.

    Raises:
        OSError: nobody listens there.
        asyncpg.PostgresError: the server refuses.
    """
    driver: Any = asyncpg
    connection = await driver.connect(url, ssl=False, timeout=_TIMEOUT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close()
