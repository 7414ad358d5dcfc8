# SPDX-License-Identifier: Apache-2.0
"""A program that is run for a model: without a shell or our environment, and within limits."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from services.orchestrator.tools.command_limits import CommandLimits
from services.orchestrator.tools.launched import LaunchedProgram
from services.orchestrator.tools.program_output import ProgramOutput

_GRACE = timedelta(seconds=1)
_FLOOD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended, and what it printed.

    Its status, or None if it was stopped: at ``limit``, when it ``flooded`` its output, or when its
    time was over.
    """

    status: int | None
    limit: str | None
    output: bytes
    truncated: bool
    flooded: bool


async def run_program(
    words: Sequence[str],
    *,
    directory: Path,
    time_limit: timedelta,
    keep: int,
    limits: CommandLimits,
) -> Finished:
    """Run a program in ``directory`` and return the first ``keep`` bytes that it printed.

    It sees a search path, its home (``directory``), a locale and a mark, and nothing else of our
    environment; its input is empty. It is ended, with all processes that come from it and wherever
    they went, when it ends itself, when the time is over, at a limit, when it prints without end,
    when we are cancelled, and when this process is gone.

    Raises:
        OSError: there is no such program, or it cannot be started.
    """
    launched: list[LaunchedProgram] = []
    output = ProgramOutput(keep=keep, flood=_FLOOD, on_flood=lambda: launched[0].stop())
    reading = asyncio.create_task(output.read())
    try:
        launched.append(await _start(words, directory, output.write_end, limits))
        outcome = await launched[0].outcome(time_limit)
    finally:
        for program in launched:
            await asyncio.shield(program.end())
        await _stop_reading(reading)
    if "errno" in outcome:
        raise OSError(outcome["errno"], os.strerror(outcome["errno"]))
    return Finished(
        status=None if output.flooded else outcome.get("status"),
        limit=outcome.get("limit"),
        output=bytes(output.kept),
        truncated=output.truncated,
        flooded=output.flooded,
    )


async def _start(
    words: Sequence[str], directory: Path, output: int, limits: CommandLimits
) -> LaunchedProgram:
    try:
        return await LaunchedProgram.start(words, directory=directory, output=output, limits=limits)
    finally:
        os.close(output)


async def _stop_reading(reading: asyncio.Task[None]) -> None:
    """Wait for the rest of the output, but not for a process that got away with the pipe."""
    await asyncio.wait({reading}, timeout=_GRACE.total_seconds())
    if not reading.done():
        reading.cancel()
        await asyncio.wait({reading})
