# SPDX-License-Identifier: Apache-2.0
"""Waits until a program answers, and notices at once when it ends instead."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from deploy.embedded.child import Child
from deploy.embedded.errors import StartupError
from deploy.embedded.together import first_of

_PAUSE_SECONDS = 0.02

Probe = Callable[[], Awaitable[str | None]]
"""Asks once; returns None when the program is ready, or why it is not."""


async def until_ready(child: Child, probe: Probe, *, patience: timedelta) -> None:
    """Return when ``probe`` finds ``child`` ready.

    Raises:
        StartupError: it ended, or was not ready in time; the message says what its log says.
    """
    reasons = ["it was not asked"]
    log = child.spec.log_path
    try:
        async with asyncio.timeout(patience.total_seconds()):
            await first_of(_ask(probe, reasons), _end(child))
    except TimeoutError as error:
        seconds = patience.total_seconds()
        message = f"{child.name} did not answer within {seconds:g} s: {reasons[-1]} (see {log})"
        raise StartupError(message) from error
    if not child.running:
        message = f"{child.name} ended while it was starting: {child.last_words()} (see {log})"
        raise StartupError(message)


async def _ask(probe: Probe, reasons: list[str]) -> None:
    while reason := await probe():
        reasons.append(reason)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _end(child: Child) -> None:
    await child.wait()
