# SPDX-License-Identifier: Apache-2.0
"""What is different between two points of a session, as it is said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from services.persistence.views.state import State
from services.persistence.views.view import View

Values = dict[str, Any]

_KEYS: Mapping[str, tuple[str, ...]] = {
    "messages": ("sequence",),
    "turns": ("turn_id",),
    "tool_calls": ("turn_id", "call_id"),
    "approvals": ("approval_id",),
}


class Change(View):
    """A value that is another one afterwards."""

    before: Any
    after: Any


class Changed(View):
    """Something that is there at both points, named by ``key``."""

    key: Values
    fields: dict[str, Change]


class Part(View):
    """What was added, removed and changed in one part of a session."""

    added: list[Values]
    removed: list[Values]
    changed: list[Changed]


class Point(View):
    """A point of a session."""

    sequence: int
    occurred_at: datetime


class Diff(View):
    """How a session differs at two points; nothing is removed by going forward."""

    session_id: str
    begins: Point = Field(serialization_alias="from")
    ends: Point = Field(serialization_alias="to")
    session: dict[str, Change]
    messages: Part
    turns: Part
    tool_calls: Part
    approvals: Part


def diff_view(before: State, after: State) -> Diff:
    """Return what leads from one state of a session to another."""
    one, other = before.model_dump(mode="json"), after.model_dump(mode="json")
    parts = {name: _part(one[name], other[name], key) for name, key in _KEYS.items()}
    return Diff(
        session_id=before.session_id,
        begins=Point(sequence=before.sequence, occurred_at=before.occurred_at),
        ends=Point(sequence=after.sequence, occurred_at=after.occurred_at),
        session=_changes(one["session"], other["session"]),
        messages=parts["messages"],
        turns=parts["turns"],
        tool_calls=parts["tool_calls"],
        approvals=parts["approvals"],
    )


def _part(before: Sequence[Values], after: Sequence[Values], key: tuple[str, ...]) -> Part:
    old, new = ({tuple(row[name] for name in key): row for row in rows} for rows in (before, after))
    changed = {place: _changes(old[place], row) for place, row in new.items() if place in old}
    return Part(
        added=[row for place, row in new.items() if place not in old],
        removed=[row for place, row in old.items() if place not in new],
        changed=[
            Changed(key=dict(zip(key, place, strict=True)), fields=fields)
            for place, fields in changed.items()
            if fields
        ],
    )


def _changes(before: Values, after: Values) -> dict[str, Change]:
    return {
        name: Change(before=before[name], after=value)
        for name, value in after.items()
        if before[name] != value
    }
