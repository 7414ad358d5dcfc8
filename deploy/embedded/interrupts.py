# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and its like: the first asks for an orderly end, the next for a quick one."""

import asyncio
from collections.abc import Awaitable, Callable
from signal import Signals

_SIGNALS = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)


async def interruptible(work: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Do ``work`` and return its exit code, which is 0 when a person ended it.

    The first signal cancels the work, which cleans up as long as it needs. The next ones set the
    event that the work was given, by which it knows that nobody wants to wait.
    """
    asked, hurry = asyncio.Event(), asyncio.Event()
    task = asyncio.ensure_future(work(hurry))

    def interrupt() -> None:
        if asked.is_set():
            return hurry.set()
        asked.set()
        task.cancel()
        return None

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, interrupt)
    try:
        return await task
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
        return 0
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
