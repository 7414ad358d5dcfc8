# SPDX-License-Identifier: Apache-2.0
"""Events as lines of a terminal, each below what caused it."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from services.agentctl.output import moment, seconds
from services.agentctl.text import one_line

MAX_DEPTH = 12
"""Causes beyond this are shown at the same place, so that there is room for what happened."""


def show_erasure(screen: Console, found: Any) -> None:
    """Print when what was said in a session was erased, if it was."""
    if found.get("erased_at"):
        said = f"what was said was erased at {moment(found['erased_at'])} UTC"
        screen.print(said, style="yellow")


def show_events(screen: Console, events: Iterable[Any]) -> None:
    """Print one line for each event, cut where the terminal ends."""
    for each in events:
        screen.print(_line(each), no_wrap=True, overflow="ellipsis", crop=True)
        for fork in each.get("forks", ()):
            screen.print(f"{'':>5}  ↳ fork {one_line(fork)}", style="magenta")


def _line(event: Any) -> Text:
    depth = min(event["depth"], MAX_DEPTH)
    line = Text()
    line.append(f"{event['sequence']:>5}  {event['occurred_at'][11:23]}  ", style="dim")
    line.append("  " * depth)
    line.append("✗ " if event["error"] else "", style="red bold")
    style = "bold" if event["level"] == "domain" else ""
    line.append(one_line(event["type"]), style="red" if event["error"] else style)
    took = seconds(event["duration_seconds"])
    if took:
        line.append(f"  {took}", style="cyan")
    if event["text"]:
        line.append(f"  {one_line(event['text'])}", style="dim")
    return line
