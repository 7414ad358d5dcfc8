# SPDX-License-Identifier: Apache-2.0
"""How a command runs: what can be expected to go wrong is one line, and an exit code."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from deploy.embedded.interrupts import interruptible
from shared.errors import AgentRuntimeError


def run_command(work: Callable[[asyncio.Event], Awaitable[int]]) -> NoReturn:
    """Do ``work`` until it ends or a person ends it, and leave with its exit code.

    ``work`` gets an event that is set when the person does not want to wait.

    Raises:
        typer.Exit: always.
    """
    try:
        code = asyncio.run(_run(work))
    except AgentRuntimeError as error:
        fail(str(error))
    raise typer.Exit(code)


def fail(message: str) -> NoReturn:
    """Say what went wrong and leave.

    Raises:
        typer.Exit: always, with exit code 1.
    """
    console = Console(stderr=True)
    console.print(f"[red]✗[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


async def _run(work: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    return await interruptible(work)
