# SPDX-License-Identifier: Apache-2.0
"""Stops asking a model that has stopped answering, and finds out when it answers again.

Each process has its own: it knows only what it saw itself, asks nobody, and shares nothing.
"""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from services.orchestrator.models.errors import ModelCircuitOpen, ModelRefused, ModelUnavailable

logger = logging.getLogger(__name__)


class BreakerState(IntEnum):
    """Whether a model is asked; the numbers are those of the metric."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """After so many failures in a row nothing is asked for a while, then one request tries."""

    failures: int = 5
    pause: timedelta = timedelta(seconds=30)


class CircuitBreaker:
    """The breaker of one model.

    A refusal is an answer: a model that refuses one request is there for the next one.
    """

    def __init__(
        self,
        model: str,
        policy: BreakerPolicy,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._policy = policy
        self._timer = timer
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """Whether requests go through now; when half open, one at a time."""
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._left() > 0 else BreakerState.HALF_OPEN

    @contextmanager
    def guard(self) -> Generator[None]:
        """Make one request in here, and take note of what came of it.

        Raises:
            ModelCircuitOpen: the model has failed too often lately; make no request.
        """
        probe = self._admit()
        try:
            yield
        except ModelUnavailable:
            self._failed(probe=probe)
            raise
        except ModelRefused:
            self._answered()
            raise
        else:
            self._answered()
        finally:
            if probe:
                self._probing = False

    def _admit(self) -> bool:
        """Let a request through, and tell whether everything hangs on it."""
        state = self.state
        if state is BreakerState.CLOSED:
            return False
        if state is BreakerState.OPEN or self._probing:
            wait = timedelta(seconds=max(0.0, self._left()))
            raise ModelCircuitOpen(
                f"{self.model}: not asked, after {self._policy.failures} failures in a row",
                retry_after=wait,
            )
        self._probing = True
        return True

    def _answered(self) -> None:
        if self._open_until is not None:
            logger.info("model answers again", extra={"model": self.model})
        self._failures, self._open_until = 0, None

    def _failed(self, *, probe: bool) -> None:
        """Count a failure; one of a request made before the breaker opened changes nothing."""
        if self._open_until is not None and not probe:
            return
        self._failures += 1
        if probe or self._failures >= self._policy.failures:
            self._open_until = self._timer() + self._policy.pause.total_seconds()
            logger.warning(
                "model is not asked for a while",
                extra={"model": self.model, "failures": self._failures},
            )

    def _left(self) -> float:
        return 0.0 if self._open_until is None else self._open_until - self._timer()
