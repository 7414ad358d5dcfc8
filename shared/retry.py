# SPDX-License-Identifier: Apache-2.0
"""When to try again, and for how long."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from shared.errors import DependencyDownError, is_permanent

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Handler = Callable[[Any], Awaitable[Any]]
DeadLetter = Callable[[Any, Exception], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """Exponential backoff with a ceiling and additive jitter.

    ``max_attempts`` counts the first try: 3 means one try and two retries. The computed delay is a
    floor: jitter adds up to ``jitter`` times the delay and never takes any away.
    """

    initial_delay: timedelta = timedelta(seconds=1)
    multiplier: float = 2.0
    max_delay: timedelta = timedelta(seconds=30)
    max_attempts: int = 3
    jitter: float = 0.2

    def should_retry(self, error: BaseException, *, attempt: int) -> bool:
        """Tell whether attempt number ``attempt``, which failed with ``error``, may be repeated."""
        return attempt < self.max_attempts and not is_permanent(error)

    def delay(self, *, attempt: int, spread: float = 0.0) -> timedelta:
        """Return how long to wait after attempt number ``attempt`` failed.

        ``spread`` from 0 to 1 says how much of the jitter to add.
        """
        ceiling = self.max_delay.total_seconds()
        seconds = self.initial_delay.total_seconds()
        for _ in range(attempt - 1):
            if seconds >= ceiling:
                break
            seconds *= self.multiplier
        seconds = min(seconds, ceiling)
        return timedelta(seconds=seconds * (1 + self.jitter * spread))


@dataclass(kw_only=True, slots=True)
class Retrying:
    """Runs work under a policy; randomness and waiting are arguments, so tests do not sleep."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    sleep: Sleep = asyncio.sleep
    spread: Callable[[], float] = random.random

    async def call(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        on_retry: Callable[[int, Exception], None] | None = None,
    ) -> T:
        """Return the first result of ``work``.

        Raises:
            Exception: what the last attempt raised, when the policy allows no further one.
        """
        attempt = 1
        while True:
            try:
                return await work()
            except Exception as error:
                if not self.policy.should_retry(error, attempt=attempt):
                    raise
                if on_retry:
                    on_retry(attempt, error)
                delay = self.policy.delay(attempt=attempt, spread=self.spread())
                await self.sleep(delay.total_seconds())
                attempt += 1


class EventHandlerWithRetry:
    """A handler of events that tries again.

    Wraps a handler, or decorates one::

        @event_bus.subscribe(event_type=EventType.AGENT_SWITCHED)
        @EventHandlerWithRetry(max_retries=3)
        async def handle_agent_switch(event): ...

    ``max_retries`` counts all attempts and ``retry_delay`` is in seconds. Errors that repeating
    cannot mend are not repeated. When the attempts are used up, ``dead_letter`` is awaited with the
    event and the error, and the error is raised; a server that is down makes no dead letter. A bus
    that a decorated handler is subscribed to repeats by this policy instead of its own, so that it
    counts the attempts over restarts, and does the dead-lettering itself.
    """

    def __init__(
        self,
        handler: Handler | None = None,
        max_retries: int = 3,
        retry_delay: float = 1.0,
        *,
        policy: RetryPolicy | None = None,
        sleep: Sleep = asyncio.sleep,
        dead_letter: DeadLetter | None = None,
    ) -> None:
        self.handler = handler
        self.policy = policy or RetryPolicy(
            initial_delay=timedelta(seconds=retry_delay), max_attempts=max_retries
        )
        self._retrying = Retrying(policy=self.policy, sleep=sleep)
        self._dead_letter = dead_letter

    def __call__(self, event: Any) -> Any:
        """Handle ``event``; without a handler yet, take the decorated function as the handler."""
        if self.handler is None:
            self.handler = event
            return self
        return self._handle(self.handler, event)

    async def attempt(self, event: Any) -> Any:
        """Handle ``event`` once; whoever calls this repeats by ``policy``."""
        if self.handler is None:
            raise TypeError("there is no handler to try")
        return await self.handler(event)

    async def gave_up(self, event: Any, error: Exception) -> None:
        """Have ``dead_letter`` told that no attempt is left."""
        if self._dead_letter:
            await self._dead_letter(event, error)

    async def _handle(self, handler: Handler, event: Any) -> Any:
        try:
            return await self._retrying.call(lambda: handler(event))
        except DependencyDownError:
            raise
        except Exception as error:
            await self.gave_up(event, error)
            raise
