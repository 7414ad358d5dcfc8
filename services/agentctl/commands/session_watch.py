# SPDX-License-Identifier: Apache-2.0
"""``agentctl sessions watch``: what happens in a session, as it happens."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer

from services.agentctl.client import Services
from services.agentctl.commands.connection import connect
from services.agentctl.commands.live_view import LiveView
from services.agentctl.resuming import END, resumed
from services.agentctl.sse import Item
from services.agentctl.text import quoted
from shared.events import EventLevel

ORCHESTRATOR = "orchestrator"


def watch(
    session: Annotated[str, typer.Argument(help="The id of a session.")],
    *,
    after: Annotated[
        int | None, typer.Option(min=0, help="Behind this event; 0: from the beginning.")
    ] = None,
    level: Annotated[EventLevel | None, typer.Option(help="Only events of this level.")] = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Only events.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each event as a line of JSON, and no text.")
    ] = False,
) -> None:
    """Print events and text of a session as they come, until it has ended or Ctrl-C.

    A connection that is lost is made again behind the last event.
    """
    path = f"/v1/sessions/{quoted(session)}"
    with connect() as services:
        known = services.get(ORCHESTRATOR, path)["last_sequence"] if after is None else after

        def open_behind(last: int | None) -> AbstractContextManager[Iterator[Item] | None]:
            wanted = "false" if no_text or as_json else "true"
            return _open(services, path, last, text=wanted)

        _show(resumed(open_behind, after=known, sleep=time.sleep), level, as_json=as_json)


def _open(
    services: Services, path: str, last: int | None, *, text: str
) -> AbstractContextManager[Iterator[Item] | None]:
    query = {"text": text, "after": None if last is None else str(last)}
    return services.stream(ORCHESTRATOR, "GET", f"{path}/events", query=query)


def _show(items: Iterator[Item], level: EventLevel | None, *, as_json: bool) -> None:
    view = LiveView()
    for item in items:
        if item.name == "text":
            view.text(item.json)
        elif item.name == "reset":
            view.note(f"events before {item.json['first_sequence']} are not kept; see the history")
        elif item.name == END and not as_json:
            view.note(f"the session is {item.json['state']}")
        elif item.id is not None and _is_of(item.json, level):
            if as_json:
                typer.echo(item.data)
            else:
                view.event(item.json)


def _is_of(event: Any, level: EventLevel | None) -> bool:
    return level is None or f".{level}." in event["type"]
