# SPDX-License-Identifier: Apache-2.0
"""``agentctl context``: what an agent knows of a session now."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, console, dollars, fields, print_json, spoken
from services.agentctl.text import one_line, quoted

AGENT_CONTEXT = "agent_context"


def context(
    session: Annotated[str, typer.Argument(help="The id of a session.")], *, as_json: Json = False
) -> None:
    """Show what an agent knows of a session now."""
    with connect() as services:
        found = services.get(AGENT_CONTEXT, f"/v1/sessions/{quoted(session)}/context")
    if as_json:
        print_json(found)
    else:
        _show(console(), found)


def _show(screen: Console, found: Any) -> None:
    totals = found["totals"]
    tokens = f"{totals['input_tokens']} in, {totals['output_tokens']} out"
    screen.print(
        fields(
            [
                ("session", found["session_id"]),
                ("as of event", found["sequence"]),
                ("state", found["state"]),
                ("agent", found["agent"]),
                ("turn", found["turn_id"]),
                ("tokens", tokens),
                ("cost", dollars(totals["cost_usd"])),
                ("window", f"{found['window_tokens']} tokens"),
            ]
        )
    )
    for each in found["switches"]:
        said = f"{each['from_agent']} → {each['to_agent']}: {each['reason']}"
        screen.print(_event(each, said, style="cyan"))
    for each in found["approvals"]:
        said = f"waits for a person: {each['tool']} ({each['approval_id']})"
        screen.print(_event(each, said, style="yellow"))
    screen.print()
    for each in found["messages"]:
        screen.print(spoken(each))


def _event(part: Any, said: str, *, style: str) -> Text:
    line = Text(f"{part['sequence']:>5}  ", style="dim")
    return line.append(one_line(said), style=style)
