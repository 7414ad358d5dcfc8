# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition, never for time to pass."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

PAUSE_SECONDS = 0.02


async def eventually(
    condition: Callable[[], object],
    *,
    timeout: float = 10,  # noqa: ASYNC109 -- the deadline is what this is about
    message: str = "the condition was not fulfilled",
) -> Any:
    """Return the first true value of ``condition``, which is asked again and again.

    Raises:
        AssertionError: there was none within ``timeout`` seconds; it shows the last value.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while True:
        answer = condition()
        value: Any = await answer if isawaitable(answer) else answer
        if value:
            return value
        if loop.time() >= deadline:
            raise AssertionError(f"{message} within {timeout:g} s; the last value was {value!r}")
        await asyncio.sleep(PAUSE_SECONDS)
