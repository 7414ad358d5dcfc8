# SPDX-License-Identifier: Apache-2.0
"""The places at which a process can be made to end: before, after and inside of steps."""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from services.orchestrator.models import ProviderClient
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.tools.tool import FunctionTool
from services.orchestrator.tools.workspace.effect_records import EffectRecords
from services.orchestrator.tools.workspace.workspace import Workspace

Method = Callable[..., Any]


class Points:
    """Counts the places that the process comes to, and ends it at the one that was chosen.

    It is chosen by its number, or by its name.
    """

    def __init__(self, *, kill_at: int | str | None, log: Path) -> None:
        self.count = 0
        self._kill_at = kill_at
        self._log = log

    def reach(self, point: str) -> None:
        """Come to a place; nothing that the process would do next is done if it is the one."""
        self.count += 1
        if self._kill_at in {self.count, point}:
            with self._log.open("a") as log:
                log.write(f"{point}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Have the orchestrator come to places at the edges of each step, and inside it."""
        self._around(UnitOfWork, "_store", "transaction")
        self._around(ProviderClient, "request", "model")
        self._around(FunctionTool, "call", "tool")
        self._around_sync(Workspace, "write", "file")
        self._around_sync(EffectRecords, "note", "note")

    def _around(self, owner: type[Any], name: str, point: str) -> None:
        method: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def wrapped(*arguments: Any, **named: Any) -> Any:
            self.reach(f"before {point}")
            result = await method(*arguments, **named)
            self.reach(f"after {point}")
            return result

        setattr(owner, name, wrapped)

    def _around_sync(self, owner: type[Any], name: str, point: str) -> None:
        method: Method = getattr(owner, name)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.reach(f"before {point}")
            result = method(*arguments, **named)
            self.reach(f"after {point}")
            return result

        setattr(owner, name, wrapped)
