# SPDX-License-Identifier: Apache-2.0
"""What was done and what was counted, as tables for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.support.chaos.outage import OutageReport
from tests.support.chaos.saboteur import Outcome
from tests.support.chaos.verdict import Verdict


def print_outcomes(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print what was broken."""
    table = _table("what was done", "seconds", "", right=(1,))
    for each in outcomes:
        note = f"[red]{escape(each.problem)}[/]" if each.problem else escape(each.note)
        table.add_row(escape(str(each.fault)), f"{each.seconds:.1f}", note)
    console.print(table)


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print what was counted afterwards."""
    table = _table("what was counted", "", right=(1,))
    for name, found in verdict.counted.items():
        table.add_row(escape(name), escape(str(found)))
    console.print(table)


def print_outage(report: OutageReport, console: Console) -> None:
    """Print what the consumers did while their databases were down."""
    table = _table("service", "CPU s", "of s", "%", right=(1, 2, 3))
    for each in report.idling:
        share = 100 * each.cpu_seconds / each.wall_seconds
        table.add_row(
            each.service, f"{each.cpu_seconds:.2f}", f"{each.wall_seconds:.0f}", f"{share:.2f}"
        )
    console.print(table)
    asked = ", ".join(f"{name} {knocks} times" for name, knocks in report.knocks.items())
    console.print(f"asked meanwhile: {asked}", highlight=False)
    console.print(
        f"{report.events} events stored afterwards, {report.dead_letters} dead letters",
        highlight=False,
    )


def print_problems(problems: Sequence[str], console: Console) -> None:
    """Print what is wrong, if anything is."""
    for problem in problems:
        console.print(f"[red]✗[/] {escape(problem)}", highlight=False, soft_wrap=True)
    if not problems:
        console.print("[green]✓[/] nothing lost, nothing doubled, everything in order")


def _table(*columns: str, right: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number in right else "left")
    return table
