# SPDX-License-Identifier: Apache-2.0
"""Tools that count their effects in a file outside the workspace, one for each kind of safety."""

from pathlib import Path

from services.orchestrator.tools.tool import (
    Arguments,
    FunctionTool,
    ReconcilableTool,
    Tool,
    ToolContext,
    ToolResult,
)
from tests.support.crashes.points import Points


class Note(Arguments):
    """What to note."""

    text: str


class Journal:
    """A file with a line for each effect."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[str]:
        """Return the effects, each as ``tool effect_id``."""
        return self._path.read_text().splitlines() if self._path.exists() else []

    def add(self, line: str) -> None:
        """Have an effect."""
        with self._path.open("a") as file:
            file.write(f"{line}\n")


def counting_tools(journal: Journal, points: Points) -> list[Tool]:
    """Return ``retryable``, ``reconciled`` and ``non_repeatable``, which note in the journal."""

    def add(tool: str, context: ToolContext) -> None:
        points.reach(f"inside {tool}, before its effect")
        journal.add(f"{tool} {context.effect_id}")
        points.reach(f"inside {tool}, after its effect")

    def done(tool: str, context: ToolContext) -> bool:
        return f"{tool} {context.effect_id}" in journal.lines()

    async def retryable(arguments: Note, context: ToolContext) -> ToolResult:
        if not done("retryable", context):
            add("retryable", context)
        return ToolResult(content=f"noted {arguments.text}")

    async def reconciled(arguments: Note, context: ToolContext) -> ToolResult:
        add("reconciled", context)
        return ToolResult(content=f"noted {arguments.text}")

    async def found(arguments: Note, context: ToolContext) -> ToolResult | None:
        return (
            ToolResult(content=f"noted {arguments.text}") if done("reconciled", context) else None
        )

    async def non_repeatable(arguments: Note, context: ToolContext) -> ToolResult:
        add("non_repeatable", context)
        return ToolResult(content=f"noted {arguments.text}")

    return [
        FunctionTool(
            name="retryable",
            description="notes once for each effect",
            safety="retryable",
            arguments=Note,
            function=retryable,
        ),
        ReconcilableTool(
            name="reconciled",
            description="notes, and can tell whether it has",
            safety="non_repeatable",
            arguments=Note,
            function=reconciled,
            reconciling=found,
        ),
        FunctionTool(
            name="non_repeatable",
            description="notes each time",
            safety="non_repeatable",
            arguments=Note,
            function=non_repeatable,
        ),
    ]
