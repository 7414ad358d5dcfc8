# SPDX-License-Identifier: Apache-2.0
"""Waits until a program answers, and notices at once when it ends instead."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from deploy.embedded.child import Child
from deploy.embedded.errors import StartupError

_PAUSE_SECONDS = 0.02

Probe = Callable[[], Awaitable[str | None]]
"""Asks once; returns None when the program is ready, or why it is not."""


async def until_ready(child: Child, probe: Probe, *, patience: timedelta) -> None:
    """Return when ``probe`` finds ``child`` ready.

    Raises:
        StartupError: it ended, or was not ready in time; the message says what its log says.
    """
    reason: str | None = "it was not asked"
    with suppress(TimeoutError):
        async with asyncio.timeout(patience.total_seconds()):
            while child.running:
                reason = await probe()
                if reason is None:
                    return
                await asyncio.sleep(_PAUSE_SECONDS)
    raise StartupError(_explain(child, reason or "", patience))


def _explain(child: Child, reason: str, patience: timedelta) -> str:
    log = child.spec.log_path
    if not child.running:
        return f"{child.name} ended while it was starting: {child.last_words()} (see {log})"
    seconds = patience.total_seconds()
    return f"{child.name} did not answer within {seconds:.0f} s: {reason} (see {log})"
