# SPDX-License-Identifier: Apache-2.0
"""Data that the database refuses, named for what to do about it."""

from collections.abc import Generator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError

from shared.errors import PermanentError

_REFUSED = ("22", "23", "54")  # a value, a constraint, a limit


@contextmanager
def data_errors() -> Generator[None]:
    """Raise what the database says of a value as an error that no repetition can mend.

    Raises:
        PermanentError: a value is out of range, too long, or not what a column takes.
    """
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError) as error:
        code = getattr(getattr(error, "orig", error), "sqlstate", None) or ""
        if code.startswith(_REFUSED):
            raise PermanentError(f"the database refuses the data: {error}") from error
        raise
