# SPDX-License-Identifier: Apache-2.0
"""Fills a store in Redis from the log when it is new, was wiped, or somebody asks for it.

What is in such a store can always be made again, so losing it is a pause and no loss. Two keys say
how it stands::

    <prefix>generation   which filling of the store this is; absent while it is not complete
    <prefix>rebuilding   the token of the process that fills it, for as long as that process lives

Every script that writes asks both in the same step (``Filling.keys``): without a generation only
the holder of the token may write. So a wiped store is noticed by the first event after it, nobody
counts on half a store, and events that arrive meanwhile wait on Kafka.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from shared.cache import redis_errors
from shared.errors import AgentRuntimeError, DependencyDownError
from shared.health import Readiness, probe
from shared.ids import new_id
from shared.retry import Sleep

logger = logging.getLogger(__name__)

LIVE = ""
"""The token of those who do not rebuild."""

LEASE = timedelta(seconds=30)
"""How long a process may fill a store without writing to it."""

PAUSE_SECONDS = 0.2
WATCH_SECONDS = 1.0
"""How often the store is looked at, so that a wiped one is filled although nothing happens."""

_SCAN = 1000

_BEGIN = """
if not redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('UNLINK', KEYS[1])
return 1
"""
_RENEW = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""
_FINISH = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('UNLINK', KEYS[2])
return 1
"""
_ABANDON = """
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('UNLINK', KEYS[2]) end
return 1
"""

CANCEL_AGAIN_SECONDS = 0.5
"""How long a stop waits for the watch to end before it says so once more."""

Fill = Callable[[str], Awaitable[int]]
"""Fills the empty store, writing with the token it is given; returns how many events it read."""


class NotBuiltError(DependencyDownError):
    """The store is empty or half full: nothing may be read from it or added to it."""

    def __init__(self, store: str, reason: str = "it is being filled from the log") -> None:
        super().__init__(store, reason)


class Rebuild:
    """Keeps a store filled; started after the cache and before the bus."""

    name = "store"

    def __init__(
        self, redis: Any, *, prefix: str, fill: Fill, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.keys = [f"{prefix}generation", f"{prefix}rebuilding"]
        self._redis = redis
        self._prefix = prefix
        self._fill = fill
        self._sleep = sleep
        self._one_at_a_time = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when the store is complete, which this process or another may have seen to."""
        while not await self._complete():
            await self._sleep(PAUSE_SECONDS)
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look after the store no longer; a filling that is cut off begins again at a start."""
        watching, self._watching = self._watching, None
        while watching and not watching.done():
            watching.cancel()  # again, where the client took it for a timeout of its own
            await asyncio.wait([watching], timeout=CANCEL_AGAIN_SECONDS)

    async def _complete(self) -> bool:
        try:
            await self.ensure()
        except NotBuiltError:
            return False
        return True

    async def _watch(self) -> None:
        while True:
            await self._sleep(WATCH_SECONDS)
            try:
                await self.ensure()
            except AgentRuntimeError as error:
                logger.debug("the store is not complete", extra={"reason": str(error)})

    async def readiness(self) -> Readiness:
        """Tell whether the store is complete."""
        return await probe(self.check)

    async def check(self) -> None:
        """Return if the store is complete.

        Raises:
            NotBuiltError: it is not.
        """
        async with redis_errors():
            if not await self._redis.exists(self.keys[0]):
                raise NotBuiltError(self._prefix)

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work``, after filling the store where it turns out to be wiped.

        Raises:
            NotBuiltError: another process is filling it.
        """
        try:
            await work()
        except NotBuiltError:
            await self.ensure()
            await work()

    async def ensure(self) -> None:
        """Fill the store unless it is complete.

        Raises:
            NotBuiltError: another process is filling it.
        """
        async with self._one_at_a_time:
            try:
                await self.check()
            except NotBuiltError:
                await self._rebuild()

    async def again(self) -> int:
        """Empty the store and fill it; return how many events were read.

        Raises:
            NotBuiltError: another process is filling it.
        """
        async with self._one_at_a_time:
            return await self._rebuild()

    async def _rebuild(self) -> int:
        token = str(new_id())
        if not await self._call(_BEGIN, token):
            raise NotBuiltError(self._prefix, "another process is filling it from the log")
        logger.info("rebuilding", extra={"store": self._prefix})
        try:
            await self._clear(token)
            events = await self._fill(token)
            if not await self._call(_FINISH, token):
                raise NotBuiltError(self._prefix, "it was wiped while it was being filled")
        finally:
            await self._call(_ABANDON, token)
        logger.info("rebuilt", extra={"store": self._prefix, "events": events})
        return events

    async def _clear(self, token: str) -> None:
        cursor = 0
        while True:
            await self._call(_RENEW, token)
            async with redis_errors():
                cursor, found = await self._redis.scan(
                    cursor, match=f"{self._prefix}*", count=_SCAN
                )
                doomed = [key for key in found if key.decode() not in self.keys]
                if doomed:
                    await self._redis.unlink(*doomed)
            if cursor == 0:
                return

    async def _call(self, script: str, token: str) -> int:
        lease = int(LEASE.total_seconds() * 1000)
        async with redis_errors():
            return int(await self._redis.eval(script, 2, *self.keys, token, lease))
