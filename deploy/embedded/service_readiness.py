# SPDX-License-Identifier: Apache-2.0
"""Asks a service over HTTP whether it is ready, and waits until it is."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx

from deploy.embedded.errors import StartupError

_PAUSE_SECONDS = 0.05
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class ServiceState:
    """Whether a service is ready, and what it says about it."""

    ready: bool
    reason: str


async def ask_ready(client: httpx.AsyncClient, url: str) -> ServiceState:
    """Ask ``/readyz`` of the service at ``url`` once."""
    try:
        response = await client.get(f"{url}/readyz")
    except httpx.HTTPError as error:
        return ServiceState(ready=False, reason=str(error) or type(error).__name__)
    return ServiceState(ready=response.is_success, reason=response.text[:_LONGEST].strip())


async def wait_ready(name: str, url: str, *, log_path: Path, patience: timedelta) -> None:
    """Return when the service at ``url`` is ready.

    Raises:
        StartupError: it was not in time; the message has what it said last.
    """
    state = ServiceState(ready=False, reason="it was not asked")
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while not state.ready:
                    await asyncio.sleep(_PAUSE_SECONDS)
                    state = await ask_ready(client, url)
    if not state.ready:
        seconds = patience.total_seconds()
        message = f"{name} is not ready after {seconds:g} s: {state.reason} (see {log_path})"
        raise StartupError(message)
