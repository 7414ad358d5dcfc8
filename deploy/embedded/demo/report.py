# SPDX-License-Identifier: Apache-2.0
"""The story of the demonstration, for people to read in a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from deploy.embedded.demo.agreement import Account
from deploy.embedded.demo.story import Story, main_trace

MAX_TEXT = 56


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
        reply = escape(_short(exchange.reply))
        console.print(f"  [green]{exchange.agent}[/]  {reply}", highlight=False)


def _timeline(story: Story, console: Console) -> None:
    _headline(console, "Its second turn as persistence has it, each event below its cause")
    for each in story.timeline:
        console.print(_timeline_line(each), no_wrap=True, overflow="ellipsis")


def _timeline_line(each: dict[str, Any]) -> Text:
    line = Text(f"  {each['sequence']:>3}  ")
    line.append("  " * each["depth"])
    line.append(each["type"], style="bold" if each["level"] == "domain" else "")
    if each["duration_seconds"] is not None:
        line.append(f"  {each['duration_seconds'] * 1000:.0f} ms", style="cyan")
    line.append(f"  {each['text']}", style="red" if each["error"] else "dim")
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
    for place, services, reason in _by_place(story.poison):
        console.print(f"  {place}  {reason}", highlight=False, markup=False, no_wrap=True)
        console.print(f"      open in {', '.join(services)}", highlight=False)
    for place, services, reason in _by_place(story.failed[::-1]):
        console.print(f"  {place}  {reason}", highlight=False, markup=False, no_wrap=True)
        console.print(
            f"      redriven to {', '.join(services)} after the repair, and [green]applied[/]",
            highlight=False,
        )


def _by_place(letters: list[dict[str, Any]]) -> list[tuple[str, list[str], str]]:
    """Return, for each record that failed, where it is, which services it failed in, and why."""
    found: dict[str, tuple[list[str], str]] = {}
    for each in letters:
        topic = each["origin_topic"].rpartition(".")[2]
        place = f"{topic}[{each['origin_partition']}]@{each['origin_offset']}"
        services, _ = found.setdefault(place, ([], str(each["error_message"])))
        services.append(each["service"])
    return [
        (place, sorted(services), _short(reason))
        for place, (services, reason) in sorted(found.items())
    ]


def _traces(story: Story, console: Console) -> None:
    _headline(console, "Traces, one for each turn")
    for exchange in story.conversation.exchanges:
        trace = main_trace(story, exchange.correlation_id)
        if trace:
            console.print(
                f"  {trace.trace_id}  {trace.spans:>3} spans of {len(trace.services)} services",
                highlight=False,
            )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT]}…"
