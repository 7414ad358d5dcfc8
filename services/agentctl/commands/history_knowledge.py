# SPDX-License-Identifier: Apache-2.0
"""``agentctl history knowledge``: what each agent knew at a point of a session."""

from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.commands.connection import connect
from services.agentctl.output import Json, console, print_json, spoken
from services.agentctl.text import one_line, quoted

PERSISTENCE = "persistence"


def knowledge(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    *,
    at: Annotated[
        str | None, typer.Option(help="The number of an event, or a time with its zone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what each agent had before it at a point: the last messages, and open questions.

    An agent that had handed over by then knows what there was when it did.
    """
    with connect() as services:
        found = services.get(PERSISTENCE, f"/v1/sessions/{quoted(session)}/knowledge", at=at)
    if as_json:
        print_json(found)
        return
    screen = console()
    for number, each in enumerate(found["agents"]):
        if number:
            screen.print()
        _show(screen, each)
    if not found["agents"]:
        screen.print("no agent was in charge by then")


def _show(screen: Console, agent: Any) -> None:
    until = "in charge, after" if agent["in_charge"] else "in charge until"
    screen.print(f"{one_line(agent['agent'])}: {until} event {agent['sequence']}", style="bold")
    for message in agent["messages"]:
        screen.print(spoken(message), no_wrap=True, overflow="ellipsis", crop=True)
    for each in agent["approvals"]:
        waits = f"{each['tool'] or 'something'} waits for a person: {each['approval_id']}"
        screen.print(f"       {one_line(waits)}", style="yellow")
