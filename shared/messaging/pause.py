# SPDX-License-Identifier: Apache-2.0
"""Which servers work waits for at this moment."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.errors import DependencyDownError

logger = logging.getLogger(__name__)

OnChange = Callable[[str, bool], None]
"""Told the name of a server, and whether it is waited for from now on."""


@dataclass(slots=True)
class Pause:
    """The waiting of all workers of a consumer; each is in it once, with what it waits for."""

    on_change: OnChange = lambda _, __: None
    count: int = 0
    _waiting: dict[object, DependencyDownError] = field(
        default_factory=dict[object, DependencyDownError]
    )

    @property
    def reason(self) -> str | None:
        """Return what is waited for, or None."""
        return next((str(error) for error in reversed(self._waiting.values())), None)

    def begin(self, worker: object, error: DependencyDownError) -> None:
        """Note that ``worker`` waits for the server that ``error`` names."""
        before = self._waiting.pop(worker, None)
        known = self._is_awaited(error.dependency)
        self._waiting[worker] = error
        if before and before.dependency != error.dependency:
            self._note_end(before)
        if not known and not (before and before.dependency == error.dependency):
            self.count += 1
            logger.warning("paused", extra={"dependency": error.dependency, "reason": error.reason})
            self.on_change(error.dependency, True)

    def end(self, worker: object) -> None:
        """Note that ``worker`` waits no longer."""
        error = self._waiting.pop(worker, None)
        if error:
            self._note_end(error)

    def _note_end(self, error: DependencyDownError) -> None:
        if not self._is_awaited(error.dependency):
            logger.info("resumed", extra={"dependency": error.dependency})
            self.on_change(error.dependency, False)

    def _is_awaited(self, dependency: str) -> bool:
        return any(each.dependency == dependency for each in self._waiting.values())
