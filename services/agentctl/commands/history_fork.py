# SPDX-License-Identifier: Apache-2.0
"""``agentctl history fork``: begins a new session from a point of another."""

from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, console, fields, plural, print_json
from services.agentctl.text import one_line, quoted

ORCHESTRATOR = "orchestrator"
MAX_WAIT = 300

FILES = {
    "copied": "copied as they were at the end",
    "rebuilt": "written again from the record",
    "partial": "written again from the record, but not all is known",
    "empty": "none",
}


def fork(
    session: Annotated[str, typer.Argument(help="The id of the session to fork.")],
    *,
    at: Annotated[int | None, typer.Option(min=0, help="The last event to keep.")] = None,
    before_turn: Annotated[str | None, typer.Option(help="Number or id of a turn.")] = None,
    after_turn: Annotated[str | None, typer.Option(help="Number or id of a turn.")] = None,
    message: Annotated[str | None, typer.Option(help="What to say next.")] = None,
    agent: Annotated[str | None, typer.Option(help="The agent that goes on.")] = None,
    model: Annotated[str | None, typer.Option(help="The model that is asked.")] = None,
    title: Annotated[str | None, typer.Option(help="A title of its own.")] = None,
    by: Annotated[str, typer.Option(help="Who forks.")] = "anonymous",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    empty: Annotated[bool, typer.Option("--empty", help="Take no files along.")] = False,
    wait: Annotated[
        int, typer.Option(min=0, max=MAX_WAIT, help="Seconds to wait for the answer.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Begin a new session with the past of another, without doing any of it again.

    Exits with 1 if what the fork goes on with did not end well in time.
    """
    body = {
        "sequence": at,
        "before_turn": before_turn,
        "after_turn": after_turn,
        "message": message,
        "agent": agent,
        "model": model,
        "title": title,
        "forked_by": by,
        "reason": reason,
        "workspace": "empty" if empty else "auto",
    }
    with connect() as services:
        made = services.post(ORCHESTRATOR, f"/v1/sessions/{quoted(session)}/fork", body)
        turns = [_turn(services, made, each, wait) for each in made["fork"]["turn_ids"]]
    if as_json:
        print_json({"session": made, "turns": turns})
    else:
        _show(console(), made, turns)
    bad = [each for each in turns if each["state"] not in {"completed", "waiting"}]
    if bad:
        raise CommandError(f"turn {bad[0]['number']} of the fork is {bad[0]['state']}")


def _turn(services: Services, made: Any, turn_id: str, wait: int) -> Any:
    path = f"/v1/sessions/{quoted(made['id'])}/turns/{quoted(turn_id)}"
    return services.get(ORCHESTRATOR, path, wait=wait)


def _show(screen: Console, made: Any, turns: list[Any]) -> None:
    fork = made["fork"]
    along = f"{plural(fork['turns'], 'turn')} with {plural(fork['messages'], 'message')}"
    screen.print(
        fields(
            [
                ("session", made["id"]),
                ("forked from", f"{fork['session_id']} at event {fork['at_sequence']}"),
                ("came along", along),
                ("changed", ", ".join(fork["changed"])),
                ("agent", made["agent"]),
                ("model", made["model"] or "of the agent"),
                ("files", FILES.get(fork["workspace"], fork["workspace"])),
            ]
        )
    )
    for each in fork["not_repeated"]:
        screen.print(f"not known what it did to files: {one_line(each)}", style="yellow")
    for each in turns:
        screen.print()
        screen.print(f"turn {each['number']} is {each['state']}", style="bold")
        said = each["reply"] or each["error"]
        if said:
            screen.print(one_line(said))
