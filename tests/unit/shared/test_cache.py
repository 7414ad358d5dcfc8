# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError as RedisConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError as RedisTimeoutError,
)

from shared.cache import redis_errors
from shared.errors import DependencyDownError, PermanentError


@pytest.mark.parametrize(
    "error",
    [
        RedisConnectionError("refused"),
        RedisTimeoutError("slow"),
        ConnectionResetError("reset"),
        BusyLoadingError("loading"),
        OutOfMemoryError("full"),
        ReadOnlyError("a replica"),
        AuthenticationError("no"),
        ResponseError("MISCONF Redis is configured to save snapshots, but cannot"),
        ResponseError("NOPERM this user has no permissions"),
        ResponseError("BUSY Redis is busy running a script"),
        ResponseError("Command # 1 (HMGET x) of pipeline caused error: MISCONF no disk"),
    ],
)
async def test_what_the_server_is_in_no_state_for_pauses(error: Exception) -> None:
    with pytest.raises(DependencyDownError, match="Redis is down"):
        async with redis_errors():
            raise error


@pytest.mark.parametrize(
    "error",
    [
        ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"),
        ResponseError("Command # 1 (HMGET x) of pipeline caused error: WRONGTYPE BUSY"),
        ResponseError("unknown command 'FLY'"),
    ],
)
async def test_a_command_that_is_refused_is_never_tried_again(error: Exception) -> None:
    with pytest.raises(PermanentError, match="Redis refused the command"):
        async with redis_errors():
            raise error


async def test_a_task_that_was_cancelled_during_a_command_ends() -> None:
    """Fails if a cancellation that the client turns into a timeout is taken for an outage."""

    async def command() -> None:
        async with redis_errors():
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise RedisTimeoutError("cancelled, in other words") from None

    task = asyncio.create_task(command())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
