# SPDX-License-Identifier: Apache-2.0
"""Which processes there are, and that none is left."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import psutil

from tests.support.eventually import eventually

T = TypeVar("T")


def family(pid: int) -> list[psutil.Process]:
    """Return the process and all that it started, directly or not."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def ask(processes: list[psutil.Process], question: Callable[[psutil.Process], T]) -> list[T]:
    """Return what those that still run answer; PostgreSQL has some that come and go."""
    answers: list[T] = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            answers.append(question(process))
    return answers


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; what waits to be buried does not."""
    return [process for process in processes if _runs(process)]


async def all_gone(processes: list[psutil.Process]) -> None:
    """Wait until none of the processes runs.

    Raises:
        AssertionError: some still do.
    """
    await eventually(lambda: not alive(processes), message=f"some of {processes} were not gone")


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
