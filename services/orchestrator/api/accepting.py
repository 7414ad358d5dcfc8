# SPDX-License-Identifier: Apache-2.0
"""Refuses new work while too much of what was done waits to be published."""

from collections.abc import Callable

from shared.http import Problem
from shared.outbox.backlog import Backlog

RETRY_AFTER_SECONDS = 10

Accepting = Callable[[], None]


def accepting(backlog: Backlog) -> Accepting:
    """Return what lets a request for new work through, or refuses it.

    What runs already goes on, and whoever decides, pauses or cancels is let through: that makes
    the backlog grow by little and the sessions come to an end.
    """

    def check() -> None:
        reason = backlog.too_much
        if reason:
            raise Problem(
                503,
                "Service Unavailable",
                f"{reason}; nothing new is accepted until they are",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )

    return check
