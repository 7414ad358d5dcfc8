# SPDX-License-Identifier: Apache-2.0
"""Waits for what other services do in their own time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from deploy.embedded.demo.services import DemoError

T = TypeVar("T")

PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.05


async def until(what: str, look: Callable[[], Awaitable[T | None]]) -> T:
    """Return the first answer of ``look`` that is something.

    Raises:
        DemoError: there was none in time; the message says what was waited for.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await look()):  # noqa: ASYNC110 -- services set no event here
                await asyncio.sleep(PAUSE_SECONDS)
            return found
    except TimeoutError:
        raise DemoError(f"waited {PATIENCE_SECONDS} s in vain for {what}") from None
