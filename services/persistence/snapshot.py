# SPDX-License-Identifier: Apache-2.0
"""The state of a session as bytes, and back: equal in every value, type and order. No I/O."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic_core import from_json, to_json

from services.persistence.projections import READ_MODELS, ReadModel
from services.persistence.state import SessionState

EVERY = 32
"""After how many events of a session there is a snapshot: the longest way to any point from one."""


def freeze(state: SessionState) -> bytes:
    """Return the bytes of a state."""
    return to_json(
        {
            "sequence": state.sequence,
            "occurred_at": _frozen(state.occurred_at),
            "latest_at": _frozen(state.latest_at),
            "agents": list(state.agents.items()),
            "rows": {model.name: _frozen_rows(state, model) for model in READ_MODELS},
        }
    )


def thaw(snapshot: bytes) -> SessionState:
    """Return the state that ``freeze`` made bytes of."""
    found = from_json(snapshot)
    state = SessionState()
    state.sequence = found["sequence"]
    state.occurred_at = _thawed(found["occurred_at"])
    state.latest_at = _thawed(found["latest_at"])
    state.agents = dict(found["agents"])
    for model in READ_MODELS:
        for key, row in found["rows"][model.name]:
            values = {name: _thawed(value) for name, value in row.items()}
            state.rows.put(model, tuple(key), values)
    return state


def _frozen_rows(state: SessionState, model: ReadModel) -> list[Any]:
    return [
        (key, {name: _frozen(value) for name, value in row.items()})
        for key, row in state.rows.of(model).items()
    ]


def _frozen(value: Any) -> Any:
    match value:
        case datetime():
            return {"time": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case _:
            return value


def _thawed(value: Any) -> Any:
    match value:
        case {"time": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"decimal": str(number)}:
            return Decimal(number)
        case _:
            return value
