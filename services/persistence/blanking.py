# SPDX-License-Identifier: Apache-2.0
"""Rows of read models without what people and models wrote. No I/O.

They are what the events of an erased session add up to, made from what they added up to before:
for where the events themselves are in a file.
"""

from collections.abc import Mapping
from typing import Any

from services.persistence.projections import READ_MODELS, ReadModel
from services.persistence.projections.approvals import APPROVALS
from services.persistence.projections.messages import MESSAGES
from services.persistence.projections.rows import Row, Rows
from services.persistence.projections.sessions import SESSIONS
from services.persistence.projections.tool_calls import TOOL_CALLS
from services.persistence.projections.turns import TURNS
from services.persistence.snapshot import freeze, thaw
from shared.events.content import ERASED

_NOTHING = "{}"
"""Arguments of which nothing is left, as they are in a row."""

_LEFT: dict[str, dict[str, str]] = {
    SESSIONS.name: dict.fromkeys(("title", "created_by"), ERASED),
    MESSAGES.name: {"content": ERASED},
    TURNS.name: dict.fromkeys(("result", "error_message"), ERASED),
    TOOL_CALLS.name: dict.fromkeys(("effect_id", "arguments_digest", "error_message"), ERASED),
    APPROVALS.name: {
        **dict.fromkeys(("arguments_digest", "decided_by", "reason", "decided_digest"), ERASED),
        **dict.fromkeys(("arguments", "decided_arguments"), _NOTHING),
    },
}
"""What is left of the columns that come from content."""

_ALONG = {(SESSIONS.name, "title"): "created_by", (APPROVALS.name, "reason"): "decided_by"}
"""Columns that come with another, empty or not: an empty text is no other one when it is erased."""


def blank_row(model: ReadModel, row: Mapping[str, Any]) -> Row:
    """Return what is left of a row."""
    left = {name: value for name, value in row.items() if value is not None}
    for name, erased in _LEFT[model.name].items():
        along = _ALONG.get((model.name, name), name)
        if name in left or along in left:
            left[name] = erased
    if model is TOOL_CALLS:
        left["effect_id"] = ERASED
    return left


def blank_snapshot(snapshot: bytes) -> bytes:
    """Return a snapshot of which only that is left."""
    state = thaw(snapshot)
    rows = Rows()
    for model in READ_MODELS:
        for key, row in state.rows.of(model).items():
            rows.put(model, key, blank_row(model, row))
    state.rows = rows
    return freeze(state)
