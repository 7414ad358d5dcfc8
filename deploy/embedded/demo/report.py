# SPDX-License-Identifier: Apache-2.0
"""The story of the demonstration, for people to read in a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from deploy.embedded.demo.agreement import Account
from deploy.embedded.demo.story import Story, main_trace

MAX_REPLY = 68
KEPT_FROM_TIMELINE = 24


def print_report(story: Story, console: Console) -> None:
    """Print what each service made of what happened."""
    _conversation(story, console)
    _timeline(story, console)
    _accounts(story, console)
    _dead_letters(story, console)
    _traces(story, console)


def _headline(console: Console, text: str) -> None:
    console.print()
    console.print(f"[bold]{escape(text)}[/]", highlight=False)


def _conversation(story: Story, console: Console) -> None:
    _headline(console, f"The conversation (session {story.conversation.session_id})")
    for exchange in story.conversation.exchanges:
        console.print(f"  [cyan]ann[/]  {escape(exchange.message)}", highlight=False)
        if exchange.approved:
            console.print(
                f"  [yellow]ann approved[/]  {escape(exchange.approved)}", highlight=False
            )
        reply = " ".join(exchange.reply.split())
        short = reply if len(reply) <= MAX_REPLY else f"{reply[:MAX_REPLY]}…"
        console.print(f"  [green]{exchange.agent}[/]  {escape(short)}", highlight=False)


def _timeline(story: Story, console: Console) -> None:
    _headline(console, "Its timeline, from persistence (the second turn, indented by cause)")
    correlation_id = story.conversation.exchanges[1].correlation_id
    turn = [each for each in story.timeline if each["correlation_id"] == correlation_id]
    for each in turn[:KEPT_FROM_TIMELINE]:
        console.print(_timeline_line(each))
    if len(turn) > KEPT_FROM_TIMELINE:
        console.print(f"  … and {len(turn) - KEPT_FROM_TIMELINE} more", highlight=False)


def _timeline_line(each: dict[str, Any]) -> Text:
    _, level, name, _ = each["type"].split(".")
    line = Text(f"  {each['sequence']:>3}  ")
    line.append("  " * each["depth"])
    line.append(name, style="bold" if level == "domain" else "")
    seconds = each.get("duration_seconds")
    if seconds is not None:
        line.append(f"  {seconds * 1000:.0f} ms", style="dim")
    if each.get("error"):
        line.append("  failed", style="red")
    return line


def _accounts(story: Story, console: Console) -> None:
    _headline(console, "What each service has (events of the two sessions)")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("  service")
    for number, _ in enumerate(story.accounts, start=1):
        table.add_column(f"session {number}", justify="right")
    table.add_column("all events", justify="right")
    columns = list(story.accounts.values())
    for row in zip(*columns, strict=True):
        table.add_row(f"  {row[0].service}", *_cells(row), _total(story, row[0].service))
    console.print(table)
    if story.opaque:
        console.print(
            f"  audit also has a proof of {story.opaque} record that is no event",
            highlight=False,
        )


def _cells(row: tuple[Account, ...]) -> list[str]:
    return [str(each.events) for each in row]


def _total(story: Story, service: str) -> str:
    total = story.totals.get(service)
    return "" if total is None else str(total)


def _dead_letters(story: Story, console: Console) -> None:
    _headline(console, "Dead letters")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for name in ("  failed in", "kind", "from", "reason", "now"):
        table.add_column(name, overflow="fold")
    for letter in (*story.poison, *reversed(story.failed)):
        redriven = letter in story.failed
        table.add_row(
            f"  {letter['service']}",
            letter["kind"],
            f"{letter['origin_topic']}[{letter['origin_partition']}]@{letter['origin_offset']}",
            Text(str(letter["error_message"])[:60]),
            "redriven, applied" if redriven else "open",
        )
    console.print(table)


def _traces(story: Story, console: Console) -> None:
    _headline(console, "Traces, one for each turn")
    for exchange in story.conversation.exchanges:
        trace = main_trace(story, exchange.correlation_id)
        if trace:
            services = len(trace.services)
            console.print(
                f"  {trace.trace_id}  {trace.spans:>3} spans of {services} services  "
                f"[dim]{escape(exchange.message[:40])}[/]",
                highlight=False,
            )
