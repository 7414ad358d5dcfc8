# SPDX-License-Identifier: Apache-2.0
"""Asks one model again as long as that may help, and keeps what was tried."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from services.orchestrator.models.deadline import Deadline
from services.orchestrator.models.errors import ModelCircuitOpen, ModelRefused, ModelUnavailable
from services.orchestrator.models.reply import ModelReply
from shared.retry import RetryPolicy, Sleep

Failure = ModelUnavailable | ModelRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAttempt:
    """One request that brought no answer, and how long was waited after it; None if for good."""

    error: Failure
    wait: timedelta | None

    @property
    def sent(self) -> bool:
        """Whether the provider was asked at all."""
        return not isinstance(self.error, ModelCircuitOpen)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A model that brought no answer, for all that was tried."""

    model: str
    attempts: tuple[FailedAttempt, ...]
    duration: timedelta

    @property
    def error(self) -> Failure:
        """Why it was not asked once more."""
        return self.attempts[-1].error


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How often a model is asked, and how long it is left alone in between.

    A provider that says how long to wait is given that time, up to ``longest_wait``; jitter is
    added to it, so that those who were told the same do not all come back at once.
    """

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    longest_wait: timedelta = timedelta(seconds=60)
    sleep: Sleep = asyncio.sleep
    spread: Callable[[], float] = random.random

    async def make(
        self,
        request: Callable[[], Awaitable[ModelReply]],
        *,
        on_failure: Callable[[FailedAttempt], None],
        deadline: Deadline,
    ) -> ModelReply:
        """Return the answer; ``on_failure`` is told of each attempt that brought none.

        No pause is begun that would not end before the deadline.

        Raises:
            ModelUnavailable: it did not answer, however often it was asked.
            ModelRefused: it will not answer this.
        """
        number = 1
        while True:
            try:
                return await request()
            except (ModelUnavailable, ModelRefused) as error:
                wait = self._wait(error, number)
                if wait is not None and not deadline.allows(wait):
                    wait = None
                on_failure(FailedAttempt(error=error, wait=wait))
                if wait is None:
                    raise
            await self.sleep(wait.total_seconds())
            number += 1

    def _wait(self, error: Failure, number: int) -> timedelta | None:
        """Return how long to wait before the next attempt, or None if there shall be none."""
        if isinstance(error, ModelRefused | ModelCircuitOpen):
            return None
        if not self.policy.should_retry(error, attempt=number):
            return None
        spread = self.spread()
        wait = self.policy.delay(attempt=number, spread=spread)
        if error.retry_after is not None:
            asked = min(error.retry_after, self.longest_wait)
            wait = max(wait, asked * (1 + self.policy.jitter * spread))
        return wait
