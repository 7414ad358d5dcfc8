# SPDX-License-Identifier: Apache-2.0
"""The threads of tools that block, which nothing can stop once they run."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class ToolThreads:
    """What blocks, in a thread of its own, and known by its session until it is over.

    A call that takes too long is no longer waited for, but its thread goes on. It takes no worker
    from other calls, and keeps no process from ending: threads of a pool would do both.
    """

    def __init__(self) -> None:
        self._running: defaultdict[str, set[asyncio.Future[Any]]] = defaultdict(set)

    async def run(self, session_id: str, function: Callable[[], T]) -> T:
        """Return what the function gives; when this is cancelled, it goes on all the same."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._running[session_id].add(done)
        done.add_done_callback(partial(self._forget, session_id))

        def work() -> None:
            try:
                tell = partial(done.set_result, function())
            except BaseException as error:  # noqa: BLE001 -- whoever waits gets it
                tell = partial(done.set_exception, _raisable(error))
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(tell)

        threading.Thread(
            target=copy_context().run, args=(work,), name=f"tool in {session_id}", daemon=True
        ).start()
        return await asyncio.shield(done)

    async def over(self, session_id: str) -> None:
        """Wait until nothing of the session runs."""
        running = self._running.get(session_id)
        if running:
            await asyncio.wait(set(running))

    def _forget(self, session_id: str, done: asyncio.Future[Any]) -> None:
        done.exception()  # taken note of, also where nobody waits any more
        self._running[session_id].discard(done)
        if not self._running[session_id]:
            del self._running[session_id]


def _raisable(error: BaseException) -> BaseException:
    """Return the error, or one in the place of the one that no coroutine can raise."""
    return RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
