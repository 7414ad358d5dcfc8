# SPDX-License-Identifier: Apache-2.0
"""A program under its launcher, as the service sees it: started, waited for, and ended for sure."""

import asyncio
import json
import secrets
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self, cast

from services.orchestrator.tools.command_limits import CommandLimits
from services.orchestrator.tools.environment import hide_own_environment, program_environment
from services.orchestrator.tools.launcher import Limits, Outcome
from services.orchestrator.tools.leftovers import MARK, end_leftovers

_LAUNCHER = Path(__file__).with_name("launcher.py")
_GRACE = timedelta(seconds=8)
"""How long a launcher has to end everything; longer than it tries to."""

KILLED = Outcome(limit="launcher")
"""What is known of a program whose launcher was killed, which only the program does."""


class LaunchedProgram:
    """A program, and the launcher that it and all its descendants are ended by."""

    def __init__(self, launcher: asyncio.subprocess.Process, mark: str) -> None:
        self._launcher = launcher
        self._mark = mark

    @classmethod
    async def start(
        cls, words: Sequence[str], *, directory: Path, output: int, limits: CommandLimits
    ) -> Self:
        """Start a program that prints to the descriptor ``output``, with no environment of ours."""
        hide_own_environment()
        mark = secrets.token_hex(16)
        bounds = Limits(
            memory=limits.memory * 1024**2,
            cpu_seconds=limits.cpu_time,
            processes=limits.processes,
        )
        launcher = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(_LAUNCHER), json.dumps(bounds), str(output)),
            *words,
            cwd=directory,
            env={**program_environment(directory), MARK: mark},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(output,),
            start_new_session=True,
        )
        return cls(launcher, mark)

    async def outcome(self, time_limit: timedelta) -> Outcome:
        """Return how it ended; nothing is said of one that is stopped, or whose time is over.

        Raises:
            OSError: there is no such program, or it cannot be started.
        """
        report = cast("asyncio.StreamReader", self._launcher.stdout)
        try:
            async with asyncio.timeout(time_limit.total_seconds()):
                said = await report.read()
        except TimeoutError:
            return Outcome()
        return json.loads(said) if said else KILLED

    def stop(self) -> None:
        """Have everything ended; the launcher does the same by itself when this process is gone."""
        cast("asyncio.StreamWriter", self._launcher.stdin).close()

    async def end(self) -> None:
        """Return when nothing of the program is left, also if it has done away with its launcher.

        Then its descendants are found by a variable that each program has, unless it cleared it.
        """
        self.stop()
        try:
            async with asyncio.timeout(_GRACE.total_seconds()):
                status = await self._launcher.wait()
        except TimeoutError:
            self._launcher.kill()
            status = await self._launcher.wait()
        if status:
            await asyncio.to_thread(end_leftovers, self._mark)
