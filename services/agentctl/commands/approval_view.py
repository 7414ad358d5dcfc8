# SPDX-License-Identifier: Apache-2.0
"""Calls that wait for people, as they are shown to them."""

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from services.agentctl.output import STYLES, fields, moment
from services.agentctl.text import one_line, safe

_LINE = "{:36}  {:9}  {}"

ABOUT = {
    "call": "may it be made?",
    "outcome": "a crash cut it off and nobody knows whether it had its effect: make it again?",
}


def show_approvals(screen: Console, approvals: Any) -> None:
    """Show approvals, a few lines for each: which it is, and what the call says."""
    if not approvals:
        screen.print("nothing waits for a decision")
        return
    screen.print(_LINE.format("APPROVAL", "STATE", "EXPIRES (UTC)"), style="bold")
    for each in approvals:
        line = _LINE.format(
            one_line(each["id"]), one_line(each["state"]), moment(each["expires_at"])
        )
        screen.print(Text(line, style=STYLES.get(each["state"], "")), soft_wrap=True)
        call = f"{each['agent']}: {each['tool']} {_json(each['arguments'], None)}"
        for told in (call, f"session {each['session_id']}"):
            line = f"  {one_line(told)}"
            screen.print(Text(line, style="dim"), no_wrap=True, overflow="ellipsis", crop=True)


def show_approval(screen: Console, approval: Any) -> None:
    """Show all of one call, its arguments so that they can be read."""
    decided = approval["decided_at"]
    pairs = [
        ("approval", approval["id"]),
        ("session", approval["session_id"]),
        ("state", approval["state"]),
        ("question", ABOUT.get(approval["kind"], approval["kind"])),
        ("agent", approval["agent"]),
        ("tool", approval["tool"]),
        ("digest", approval["arguments_digest"]),
        ("asked", f"{moment(approval['requested_at'])} UTC"),
        ("expires", f"{moment(approval['expires_at'])} UTC"),
    ]
    if decided:
        by = approval["decided_by"] or "nobody"
        pairs.append(("decided", f"{moment(decided)} UTC by {by}"))
        pairs.append(("reason", approval["reason"]))
    screen.print(fields(pairs))
    show_arguments(screen, approval["arguments"])


def show_arguments(screen: Console, arguments: Any) -> None:
    """Show each argument; texts of several lines as they are, so that they can be read."""
    screen.print("\narguments", style="bold")
    if not arguments:
        screen.print("  none")
    for name, value in arguments.items():
        text = value if isinstance(value, str) else _json(value, 2)
        first, *more = safe(text).split("\n")
        screen.print(Text(f"  {one_line(name)}: ", style="cyan").append(first, style=""))
        for line in more:
            screen.print(Text(f"    {line}"))


def _json(value: Any, indent: int | None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)
