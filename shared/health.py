# SPDX-License-Identifier: Apache-2.0
"""What a part of a service says of itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from shared.errors import AgentRuntimeError


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a part makes progress, and if not, why."""

    ready: bool
    reason: str = ""


class Component(Protocol):
    """A part of a service with a life: started in order, stopped in reverse."""

    name: str

    async def start(self) -> None:
        """Begin to work, or raise an error that says what to do."""
        ...

    async def stop(self) -> None:
        """Finish what was begun and let go of everything."""
        ...

    async def readiness(self) -> Readiness:
        """Tell whether this part makes progress."""
        ...


async def probe(ping: Callable[[], Awaitable[None]]) -> Readiness:
    """Return ready if ``ping`` returns, and otherwise what it raised as the reason."""
    try:
        await ping()
    except AgentRuntimeError as error:
        return Readiness(ready=False, reason=str(error))
    return Readiness(ready=True)
