# SPDX-License-Identifier: Apache-2.0
"""Runs work until it is done, or until it is known that it cannot be."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from shared.errors import DependencyDownError
from shared.messaging.pause import Pause
from shared.retry import RetryPolicy, Sleep

T = TypeVar("T")

OnFailure = Callable[[int], Awaitable[None]]

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


@dataclass(slots=True, kw_only=True)
class Guard:
    """Retries as a policy says, and waits for servers that are down for as long as it takes."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    pause: Pause = field(default_factory=Pause)
    sleep: Sleep = asyncio.sleep
    spread: Callable[[], float] = random.random
    on_retry: Callable[[Exception], None] = lambda _: None
    """Told of every error after which work is repeated: also of a server that is still down."""

    async def run(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        policy: RetryPolicy | None = None,
        made: int = 0,
        on_failure: OnFailure | None = None,
    ) -> T:
        """Return the result of ``work`` when it has succeeded.

        ``made`` attempts were made before; ``on_failure`` is told how many have failed when
        another one will follow.

        Raises:
            GivenUpError: its attempts are used up, or repeating it cannot help.
        """
        policy = policy or self.policy
        attempt = made + 1
        while True:
            try:
                return await self.until_available(work)
            except Exception as error:
                if not policy.should_retry(error, attempt=attempt):
                    raise GivenUpError(error, attempt) from error
                self.on_retry(error)
                if on_failure:
                    await on_failure(attempt)
                delay = policy.delay(attempt=attempt, spread=self.spread())
                await self.sleep(delay.total_seconds())
                attempt += 1

    async def until_available(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return when ``work`` has succeeded, or raise what it raises; wait while a server is down.

        The work itself is the probe.
        """
        attempt, worker = 1, object()
        try:
            while True:
                try:
                    return await work()
                except DependencyDownError as error:
                    self.pause.begin(worker, error)
                    self.on_retry(error)
                    delay = PROBING.delay(attempt=attempt, spread=self.spread())
                    await self.sleep(delay.total_seconds())
                    attempt += 1
        finally:
            self.pause.end(worker)
