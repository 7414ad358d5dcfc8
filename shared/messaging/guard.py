# SPDX-License-Identifier: Apache-2.0
"""Runs work until it is done, or until it is known that it cannot be."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from shared.errors import DependencyDownError
from shared.retry import RetryPolicy, Sleep

logger = logging.getLogger(__name__)

PROBING = RetryPolicy(
    initial_delay=timedelta(milliseconds=250), max_delay=timedelta(seconds=5), jitter=0.2
)
"""How often a server that is down is asked again; there is no last attempt."""


class GivenUpError(Exception):
    """No further attempt is allowed; says which error was the last, and after how many attempts."""

    def __init__(self, error: Exception, attempts: int) -> None:
        super().__init__(f"gave up after {attempts} attempts: {error}")
        self.error = error
        self.attempts = attempts


@dataclass(slots=True)
class Pause:
    """Whether work waits for a server at this moment, and for which."""

    reason: str | None = None
    count: int = 0


@dataclass(slots=True, kw_only=True)
class Guard:
    """Retries as a policy says, and waits for servers that are down for as long as it takes."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    pause: Pause = field(default_factory=Pause)
    sleep: Sleep = asyncio.sleep
    spread: Callable[[], float] = random.random
    on_retry: Callable[[Exception], None] = lambda _: None

    async def run(
        self, work: Callable[[], Awaitable[object]], *, policy: RetryPolicy | None = None
    ) -> None:
        """Return when ``work`` has succeeded.

        Raises:
            GivenUpError: its attempts are used up, or repeating it cannot help.
        """
        policy = policy or self.policy
        attempt = 1
        while True:
            try:
                await self.until_available(work)
            except Exception as error:
                if not policy.should_retry(error, attempt=attempt):
                    raise GivenUpError(error, attempt) from error
                self.on_retry(error)
                delay = policy.delay(attempt=attempt, spread=self.spread())
                await self.sleep(delay.total_seconds())
                attempt += 1
            else:
                return

    async def until_available(self, work: Callable[[], Awaitable[object]]) -> None:
        """Return when ``work`` has succeeded, or raise what it raises; wait while a server is down.

        The work itself is the probe.
        """
        attempt = 1
        while True:
            try:
                await work()
            except DependencyDownError as error:
                self._paused(error)
                delay = PROBING.delay(attempt=attempt, spread=self.spread())
                await self.sleep(delay.total_seconds())
                attempt += 1
            else:
                self._resumed()
                return

    def _paused(self, error: DependencyDownError) -> None:
        if self.pause.reason is None:
            self.pause.count += 1
            logger.warning("paused", extra={"dependency": error.dependency, "reason": error.reason})
        self.pause.reason = str(error)

    def _resumed(self) -> None:
        if self.pause.reason is not None:
            logger.info("resumed")
        self.pause.reason = None
