# SPDX-License-Identifier: Apache-2.0
"""The answer to a message while it is made: its text, and in short what the agents do for it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import typer

from services.agentctl.commands.live_view import LiveView
from services.agentctl.records.matching import short_type
from services.agentctl.text import one_line, safe


class AnswerView:
    """Prints text as it comes, and at the end whatever of the answer was not printed yet."""

    def __init__(self) -> None:
        self._view = LiveView()
        self._said = ""
        self._place: tuple[str, int] | None = None

    def text(self, piece: Any) -> None:
        """Print some text of a model."""
        place = (piece["turn_id"], piece["step"])
        if place != self._place or piece["offset"] == 0:
            self._place, self._said = place, ""
        self._said += piece["text"]
        self._view.text(piece)

    def event(self, event: Any) -> None:
        """Print what a person may want to know of an event, if there is something."""
        tell = _TOLD.get(short_type(event["type"]))
        if tell:
            self._view.note(one_line(tell(event["data"]), limit=2000))

    def end(self, turn: Any) -> None:
        """Print the answer, if it is not what was printed last."""
        self._view.break_line()
        reply = turn["reply"]
        if reply and reply != self._said:
            typer.echo(safe(reply))


def _arguments(data: Any) -> str:
    return json.dumps(data["arguments"], ensure_ascii=False)


def _switch(data: Any) -> str:
    return f"{data['from_agent']} → {data['to_agent']}: {data['reason']}"


def _call(data: Any) -> str:
    return f"{data['agent']} calls {data['tool']}"


def _failed(data: Any) -> str:
    return f"{data['tool']} failed: {data['error_message']}"


def _approval(data: Any) -> str:
    return (
        f"{data['tool']} {_arguments(data)} waits for approval: agentctl approvals"
        f" approve {data['session_id']} {data['approval_id']}"
    )


def _client(data: Any) -> str:
    return (
        f"{data['tool']} {_arguments(data)} is yours to do: agentctl sessions answer"
        f" {data['session_id']} {data['call_id']} --result …"
    )


_TOLD: Mapping[str, Callable[[Any], str]] = {
    "agent_switched": _switch,
    "tool_execution_started": _call,
    "tool_execution_failed": _failed,
    "approval_requested": _approval,
    "tool_client_result_required": _client,
}
