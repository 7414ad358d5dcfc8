# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: one engine per process, and its failures named for what to do about them."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, cast

import asyncpg
from sqlalchemy import ARRAY, ColumnElement, any_, func, literal, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    TimeoutError as PoolTimeoutError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from shared.errors import ConfigurationError, DependencyDownError, TransientError
from shared.health import Readiness, probe
from shared.settings import DatabaseSettings

T = TypeVar("T")

NAME = "PostgreSQL"

_CONNECTION_LOST = ("08", "57P")
"""Connection lost, or the server is starting or stopping."""

MIGRATE = "apply the migrations with python -m deploy.migrations"

_NOT_FIT = {
    "53": ("is out of resources", ""),
    "57014": ("is too slow", ""),
    "42501": ("refuses this", MIGRATE),
    "42P01": ("cannot serve this", MIGRATE),
    "42703": ("cannot serve this", MIGRATE),
    "3F000": ("cannot serve this", MIGRATE),
    "3D000": ("cannot serve this", "create the database that DATABASE_URL names"),
    "28": ("refuses the login", "DATABASE_URL has the wrong user or password"),
}
"""In what way the server is not fit, and what a person can do, by how the code begins."""

_POOL_EMPTY = "has no connection free"
_POOL_ADVICE = "all that DATABASE_POOL_SIZE allows were in use for DATABASE_POOL_TIMEOUT"

_TRY_AGAIN = ("40", "55P03")  # serialisation failure or deadlock, lock not available


def create_engine(settings: DatabaseSettings) -> AsyncEngine:
    """Return an engine for ``settings``; nothing connects until it is used.

    Raises:
        ConfigurationError: the URL is not one of PostgreSQL.
    """
    try:
        url = make_url(settings.url.get_secret_value())
    except ArgumentError as error:
        raise ConfigurationError("DATABASE_URL is not a URL") from error
    if url.get_backend_name() != "postgresql":
        raise ConfigurationError("DATABASE_URL has to start with postgresql://")
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout.total_seconds(),
        connect_args={
            "timeout": settings.connect_timeout.total_seconds(),
            "server_settings": {
                "statement_timeout": str(int(settings.statement_timeout.total_seconds() * 1000)),
            },
        },
    )


@asynccontextmanager
async def database_errors() -> AsyncGenerator[None]:
    """Raise what the database reports as an error named for what to do about it.

    Raises:
        DependencyDownError: the server cannot be reached, is starting or stopping, or is not fit
            for use: a statement took too long, or the schema, a permission or the login is missing;
            or this process has more work than connections.
        TransientError: a deadlock, a serialisation failure or a lock that was not free.
    """
    try:
        yield
    except DBAPIError as error:
        raise _named(error) from error
    except PoolTimeoutError as error:
        raise DependencyDownError(NAME, _POOL_ADVICE, state=_POOL_EMPTY) from error
    except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
        raise DependencyDownError(NAME, str(error) or type(error).__name__) from error
    except asyncpg.PostgresError as error:
        raise _by_code(error, _code(error)) from error


def among(column: ColumnElement[T], values: Iterable[T]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is one of ``values``, however many these are.

    All of them are one parameter: PostgreSQL takes 32,767, and prepares one statement for any
    number.
    """
    return column == any_(_array(column, values))


def not_among(column: ColumnElement[T], values: Iterable[T]) -> ColumnElement[bool]:
    """Return the condition that ``column`` is none of ``values``, looked up in a hash of them.

    PostgreSQL would compare each row with all elements of an array that is a parameter.
    """
    hashed = select(func.unnest(_array(column, values)))
    return column.not_in(hashed)


def _array(column: ColumnElement[T], values: Iterable[T]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(column.type))


def _named(error: DBAPIError) -> Exception:
    code = _code(error.orig)
    if code:
        return _by_code(error, code)
    if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
        return DependencyDownError(NAME, str(error.orig))
    return error


def _code(error: object) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _by_code(error: Exception, code: str) -> Exception:
    reason = _reason(error)
    if code.startswith(_CONNECTION_LOST):
        return DependencyDownError(NAME, reason)
    for beginning, (state, advice) in _NOT_FIT.items():
        if code.startswith(beginning):
            return DependencyDownError(NAME, "; ".join(filter(None, (reason, advice))), state=state)
    if code.startswith(_TRY_AGAIN):
        return TransientError(reason)
    return error


def _reason(error: Exception) -> str:
    """Return what the server said, without the class names that drivers put before it."""
    return str(getattr(error, "orig", error)).rpartition(">: ")[2]


class Driver(Protocol):
    """A connection of the driver, without SQLAlchemy around it."""

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement, and return what the server says that it did."""
        ...

    def is_closed(self) -> bool:
        """Tell whether the connection is lost."""
        ...


class Database:
    """The connection pool of a process: checked at start, closed at stop."""

    name = NAME

    def __init__(self, settings: DatabaseSettings) -> None:
        self.engine = create_engine(settings)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in a transaction that commits at the end, or not at all."""
        async with database_errors(), self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection]:
        """Give a connection to read with."""
        async with database_errors(), self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def driver(self) -> AsyncGenerator[Driver]:
        """Give a connection of the driver itself, outside of any transaction.

        For a frequent statement that is a transaction by itself: SQLAlchemy spends more on it than
        the server.
        """
        async with database_errors():
            pooled = await self.engine.raw_connection()
            while _driver_of(pooled).is_closed():
                await greenlet_spawn(_give_back, pooled)
                pooled = await self.engine.raw_connection()
            try:
                yield _driver_of(pooled)
            finally:
                await greenlet_spawn(_give_back, pooled)

    async def ping(self) -> None:
        """Return if the server answers.

        Raises:
            DependencyDownError: it does not.
        """
        async with self.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def readiness(self) -> Readiness:
        """Tell whether the server answers now."""
        return await probe(self.ping)

    async def start(self) -> None:
        """Check that the server answers, so that a wrong address is noticed at once."""
        await self.ping()

    async def stop(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _driver_of(pooled: PoolProxiedConnection) -> Driver:
    return cast(Driver, pooled.driver_connection)


def _give_back(pooled: PoolProxiedConnection) -> None:
    """Return a connection to the pool, which learns of a lost one from nobody else."""
    if _driver_of(pooled).is_closed():
        pooled.invalidate()
    pooled.close()
