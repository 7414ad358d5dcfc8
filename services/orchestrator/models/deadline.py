# SPDX-License-Identifier: Apache-2.0
"""When there is no more time for a model to answer."""

import time
from collections.abc import Callable
from datetime import timedelta


class Deadline:
    """So much time from now on; without a limit, there always is time."""

    def __init__(
        self, limit: timedelta | None = None, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._timer = timer
        self._began = timer()
        self._limit = limit

    def taken(self) -> timedelta:
        """Return how long it has been."""
        return timedelta(seconds=max(0.0, self._timer() - self._began))

    def allows(self, wait: timedelta) -> bool:
        """Tell whether there is time left after a wait."""
        return self._limit is None or self.taken() + wait < self._limit
