# SPDX-License-Identifier: Apache-2.0
"""``agentctl sessions create`` and ``send``: begins conversations and says something in them."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from services.agentctl.client import Services
from services.agentctl.commands.answer_view import AnswerView
from services.agentctl.commands.connection import connect
from services.agentctl.commands.person import By, person_or_user
from services.agentctl.errors import CommandError
from services.agentctl.output import Json, print_json
from services.agentctl.resuming import END, resumed
from services.agentctl.sse import Item
from services.agentctl.text import one_line, quoted
from shared.ids import new_id

ORCHESTRATOR = "orchestrator"
AT_ONCE = 20
"""Seconds that one request waits for the end of a turn."""


def create(
    *,
    agent: Annotated[str | None, typer.Option(help="The default agent if left out.")] = None,
    title: Annotated[str, typer.Option(help="What it is about.")] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Begin a conversation and print its id."""
    body = {"created_by": person_or_user(by), "title": title, "agent": agent}
    with connect() as services:
        made = services.post(ORCHESTRATOR, "/v1/sessions", body)
    if as_json:
        print_json(made)
    else:
        typer.echo(one_line(made["id"]))


def send(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    message: Annotated[str, typer.Argument(help="What to say; - reads it from the input.")],
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Print the answer while it is written.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say something in a session.

    With --wait it exits with 0 if the turn is completed, and with 1 if it ended otherwise. In JSON
    the turn is printed as it is when it has ended or waits for somebody.
    """
    path = f"/v1/sessions/{quoted(session)}"
    body = {"content": sys.stdin.read() if message == "-" else message}
    with connect() as services:
        if wait and not as_json:
            turn = _stream(services, f"{path}/messages", body)
        else:
            turn = services.post(ORCHESTRATOR, f"{path}/messages", body)
            while wait and turn["state"] in {"queued", "running"}:
                turn = services.get(ORCHESTRATOR, f"{path}/turns/{turn['id']}", wait=AT_ONCE)
    if as_json:
        print_json(turn)
    elif not wait:
        typer.echo(f"turn {one_line(turn['id'])} is {one_line(turn['state'])}")
    if wait and turn["state"] in {"failed", "cancelled"}:
        said = turn["error"] or "nobody says why"
        raise CommandError(f"the turn is {turn['state']}: {one_line(said)}")


def _stream(services: Services, path: str, body: dict[str, str]) -> Any:
    """Print what comes of a message; sent again under its key, it is not said again.

    Raises:
        CommandError: it cannot be said, or the end of the turn was not seen.
    """
    headers = {"Idempotency-Key": str(new_id())}

    def open_again(_last: int | None) -> AbstractContextManager[Iterator[Item] | None]:
        return services.stream(ORCHESTRATOR, "POST", path, body=body, headers=headers)

    view = AnswerView()
    for item in resumed(open_again, after=None, sleep=time.sleep):
        if item.name == "text":
            view.text(item.json)
        elif item.name == END:
            view.end(item.json)
            return item.json
        elif item.id is not None:
            view.event(item.json)
    raise CommandError("the stream ended before the turn; see `agentctl sessions watch`")
