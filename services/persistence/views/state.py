# SPDX-License-Identifier: Apache-2.0
"""The state of a session at a point, as it is said."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from services.persistence.projections import ReadModel
from services.persistence.projections.approvals import APPROVALS
from services.persistence.projections.messages import MESSAGES
from services.persistence.projections.sessions import SESSIONS
from services.persistence.projections.tool_calls import TOOL_CALLS
from services.persistence.projections.turns import TURNS
from services.persistence.settling import settled_approval, settled_call
from services.persistence.state import SessionState
from services.persistence.views.read_models import Approval, Message, Session, ToolCall, Turn
from services.persistence.views.view import View


class State(View):
    """A session after the event ``sequence``.

    ``messages`` are the last ones; ``turns`` the last one and those that were not finished, with
    their tool calls and approvals. ``discarded`` are the first numbers that were passed over. What
    was said until ``erased_at`` is gone, at whatever point one looks.
    """

    session_id: str
    sequence: int
    occurred_at: datetime
    session: Session
    messages: list[Message]
    turns: list[Turn]
    tool_calls: list[ToolCall]
    approvals: list[Approval]
    discarded: list[int]
    erased_at: datetime | None = None


def state_view(
    session_id: str,
    state: SessionState,
    discarded: Sequence[int] = (),
    erased_at: datetime | None = None,
) -> State:
    """Return what is said of the state of a session that has had events."""
    turns = {row["turn_id"]: row for row in _rows(state, TURNS)}
    approvals = {row["approval_id"]: row for row in _rows(state, APPROVALS)}
    for row in approvals.values():
        status = turns.get(row.get("turn_id"), {}).get("status")
        row["status"] = settled_approval(row.get("status"), turn=status)
        for name in ("arguments", "decided_arguments"):
            row[name] = from_json(row[name]) if row.get(name) else None
    return State.model_validate(
        {
            "session_id": session_id,
            "sequence": state.sequence,
            "occurred_at": state.occurred_at,
            "session": next(_rows(state, SESSIONS)),
            "messages": list(_rows(state, MESSAGES)),
            "turns": list(turns.values()),
            "tool_calls": [_call(row, turns, approvals) for row in _rows(state, TOOL_CALLS)],
            "approvals": list(approvals.values()),
            "discarded": list(discarded),
            "erased_at": erased_at,
        }
    )


def _rows(state: SessionState, model: ReadModel) -> Iterator[dict[str, Any]]:
    for key, row in state.rows.of(model).items():
        yield {**dict(zip(model.key, key, strict=True)), **row}


def _call(
    row: dict[str, Any], turns: dict[str, dict[str, Any]], approvals: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    status = settled_call(
        row.get("status"),
        approval=approvals.get(row.get("approval_id", ""), {}).get("status"),
        turn=turns.get(row["turn_id"], {}).get("status"),
    )
    return {**row, "status": status}
