# SPDX-License-Identifier: Apache-2.0
"""Redis or Valkey: one client per process, and its failures named for what to do about them."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError as RedisConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from shared.errors import DependencyDownError, PermanentError
from shared.health import Readiness, probe
from shared.settings import RedisSettings

NAME = "Redis"

_NOT_FIT = re.compile(
    r"(?:^|caused error: )"
    r"(?:BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOAUTH|NOPERM|NOREPLICAS|OOM|READONLY|TRYAGAIN)\b"
)
"""How a refusal begins that is about the state of the server, and not about the command."""


def create_redis(settings: RedisSettings) -> "Redis":
    """Return a client for ``settings``; nothing connects until it is used."""
    seconds = settings.timeout.total_seconds()
    client: Any = Redis
    redis: Redis = client.from_url(
        settings.url.get_secret_value(), socket_timeout=seconds, socket_connect_timeout=seconds
    )
    return redis


@asynccontextmanager
async def redis_errors() -> AsyncGenerator[None]:
    """Raise what Redis reports as an error named for what to do about it.

    Raises:
        DependencyDownError: the server cannot be reached, is not fit to be used (loading, full,
            read-only, …), or refuses the user or password.
        PermanentError: the server refused the command itself.
    """
    try:
        yield
    except AuthenticationError as error:
        raise DependencyDownError(NAME, "REDIS_URL has the wrong user or password") from error
    except (
        RedisConnectionError,
        RedisTimeoutError,
        BusyLoadingError,
        OutOfMemoryError,
        ReadOnlyError,
        OSError,
    ) as error:
        _let_cancel(error)
        raise DependencyDownError(NAME, str(error) or type(error).__name__) from error
    except ResponseError as error:
        if _NOT_FIT.search(str(error)):
            raise DependencyDownError(NAME, str(error)) from error
        raise PermanentError(f"Redis refused the command: {error}") from error


def _let_cancel(error: Exception) -> None:
    """Cancel a task that was cancelled during a command, which the client reports as a failure.

    Raises:
        asyncio.CancelledError: somebody has asked the current task to end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


class Cache:
    """The client of a process: checked at start, closed at stop."""

    name = NAME

    def __init__(self, settings: RedisSettings) -> None:
        self.redis = create_redis(settings)

    async def ping(self) -> None:
        """Return if the server answers.

        Raises:
            DependencyDownError: it does not.
        """
        async with redis_errors():
            redis: Any = self.redis
            await redis.ping()

    async def readiness(self) -> Readiness:
        """Tell whether the server answers now."""
        return await probe(self.ping)

    async def start(self) -> None:
        """Check that the server answers, so that a wrong address is noticed at once."""
        await self.ping()

    async def stop(self) -> None:
        """Close every connection."""
        await self.redis.aclose()
