# SPDX-License-Identifier: Apache-2.0
import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import Text, column
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError as PoolTimeoutError

from shared.database import among, create_engine, database_errors
from shared.errors import ConfigurationError, DependencyDownError, TransientError
from shared.settings import DatabaseSettings


def from_driver(error: type[asyncpg.PostgresError]) -> Exception:
    return DBAPIError("SELECT 1", None, error("no"))


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("refused"),
        TimeoutError("slow"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.CannotConnectNowError("starting"),
        from_driver(asyncpg.AdminShutdownError),
        DBAPIError("SELECT 1", None, OSError("gone"), connection_invalidated=True),
    ],
)
async def test_a_server_that_does_not_answer_is_down(error: Exception) -> None:
    with pytest.raises(DependencyDownError, match="PostgreSQL is down"):
        async with database_errors():
            raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asyncpg.InvalidPasswordError("no"), "refuses the login: no; DATABASE_URL has the wrong"),
        (asyncpg.InvalidCatalogNameError("no"), "cannot serve this: no; create the database"),
        (PoolTimeoutError("QueuePool limit"), "has no connection free: all that DATABASE_POOL_"),
        (asyncpg.TooManyConnectionsError("full"), "is out of resources: full$"),
        (from_driver(asyncpg.DiskFullError), "is out of resources: no$"),
        (from_driver(asyncpg.QueryCanceledError), "is too slow: no$"),
        (from_driver(asyncpg.InsufficientPrivilegeError), "refuses this: no; apply the migrations"),
        (from_driver(asyncpg.UndefinedTableError), "cannot serve this: no; apply the migrations"),
        (from_driver(asyncpg.UndefinedColumnError), "cannot serve this: no; apply the migrations"),
    ],
)
async def test_a_server_that_is_not_fit_is_waited_for_and_named_for_what_it_is(
    error: Exception, said: str
) -> None:
    with pytest.raises(DependencyDownError, match=f"^PostgreSQL {said}"):
        async with database_errors():
            raise error


@pytest.mark.parametrize(
    "error",
    [
        from_driver(asyncpg.DeadlockDetectedError),
        from_driver(asyncpg.SerializationError),
        from_driver(asyncpg.LockNotAvailableError),
    ],
)
async def test_what_another_transaction_prevented_is_tried_again(error: Exception) -> None:
    with pytest.raises(TransientError) as raised:
        async with database_errors():
            raise error

    assert not isinstance(raised.value, DependencyDownError)


async def test_what_the_statement_did_wrong_is_raised_as_it_is() -> None:
    error = IntegrityError("INSERT", None, asyncpg.UniqueViolationError("twice"))

    with pytest.raises(IntegrityError):
        async with database_errors():
            raise error


@pytest.mark.parametrize("url", ["no url", "mysql://user:password@host/db", "sqlite://"])
def test_a_url_of_something_else_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as raised:
        create_engine(DatabaseSettings(url=SecretStr(url)))

    assert "password@" not in str(raised.value)


def test_values_are_one_parameter_however_many_they_are() -> None:
    """Safeguard: ``any_`` of an array; PostgreSQL takes 32,767 parameters."""
    condition = among(column("id", Text()), [str(each) for each in range(40_000)])

    compiled = condition.compile()

    assert [len(each) for each in compiled.params.values()] == [40_000]
    assert "= ANY (" in str(compiled)


def test_none_of_many_values_is_not_any_of_them() -> None:
    """An id differs from some of two values always; that is not meant."""
    condition = ~among(column("id", Text()), ["a", "b"])

    assert str(condition.compile()).startswith("NOT (id = ANY")
