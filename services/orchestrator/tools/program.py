# SPDX-License-Identifier: Apache-2.0
"""A program that is run for a model: without a shell, without our environment, and not for ever."""

import asyncio
import os
import secrets
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from services.orchestrator.tools.environment import hide_own_environment, program_environment
from services.orchestrator.tools.leftovers import MARK, end_leftovers
from services.orchestrator.tools.program_output import ProgramOutput

_GRACE = timedelta(seconds=1)
_FLOOD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended: its status, or None if it was stopped, and what it printed."""

    status: int | None
    output: bytes
    truncated: bool
    flooded: bool


async def run_program(
    arguments: Sequence[str], *, directory: Path, time_limit: timedelta, keep: int
) -> Finished:
    """Run a program in ``directory`` and return the first ``keep`` bytes that it printed.

    It sees a search path, its home (``directory``), a locale and a mark, and nothing else of our
    environment; its input is empty. It leads a process group of its own, which is killed when the
    time is over, when it prints without end, when we are cancelled, and when it ends and leaves
    others behind; so is whatever has left the group, by the mark.

    Raises:
        OSError: there is no such program, or it cannot be started.
    """
    leader: list[int] = []
    mark = secrets.token_hex(16)
    output = ProgramOutput(keep=keep, flood=_FLOOD, on_flood=lambda: _kill_group(leader[0]))
    reading = asyncio.create_task(output.read())
    try:
        process = await _start(arguments, directory, mark, output.write_end)
        leader.append(process.pid)
        status = await _ended(process, time_limit)
    finally:
        if leader:
            await asyncio.shield(asyncio.to_thread(end_leftovers, mark))
        await _stop_reading(reading)
    return Finished(
        status=None if output.flooded else status,
        output=bytes(output.kept),
        truncated=output.truncated,
        flooded=output.flooded,
    )


async def _start(
    arguments: Sequence[str], directory: Path, mark: str, output: int
) -> asyncio.subprocess.Process:
    hide_own_environment()
    try:
        return await asyncio.create_subprocess_exec(
            *arguments,
            cwd=directory,
            env={**program_environment(directory), MARK: mark},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    finally:
        os.close(output)


async def _ended(process: asyncio.subprocess.Process, time_limit: timedelta) -> int | None:
    """Return the status, or None when the time was over; nothing of the group lives on."""
    try:
        async with asyncio.timeout(time_limit.total_seconds()):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        _kill_group(process.pid)
        await process.wait()


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


async def _stop_reading(reading: asyncio.Task[None]) -> None:
    """Wait for the rest of the output, but not for a process that left the group with the pipe."""
    await asyncio.wait({reading}, timeout=_GRACE.total_seconds())
    if not reading.done():
        reading.cancel()
        await asyncio.wait({reading})
