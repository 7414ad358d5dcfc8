# SPDX-License-Identifier: Apache-2.0
"""Snapshots held against the fold of all events."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic_core import from_json, to_json

from services.persistence.snapshot import freeze, thaw
from services.persistence.snapshot_check import (
    RecordedSnapshot,
    SnapshotDivergence,
    SnapshotFolding,
)
from services.persistence.state import FOLD, SessionState, evolve
from shared.events import Event
from tests.support.event_streams import histories, long_history

Frozen = dict[str, Any]
AT = 48


def snapshot_of(state: SessionState) -> RecordedSnapshot:
    assert state.latest_at is not None
    return RecordedSnapshot(
        sequence=state.sequence, fold=FOLD, latest_at=state.latest_at, state=freeze(state)
    )


def checked(events: Sequence[Event], snapshot: RecordedSnapshot) -> SnapshotFolding:
    folding = SnapshotFolding()
    for event in events:
        folding.take(event, {snapshot.sequence: snapshot})
    return folding


def after(events: Sequence[Event], state: SessionState | None = None) -> SessionState:
    state = state or SessionState()
    for event in events:
        state = evolve(state, event)
    return state


@given(events=histories(sessions=1, length=60), data=st.data())
def test_one_made_on_from_another_agrees_at_any_point_of_any_history(
    events: list[Event], data: st.DataObject
) -> None:
    """As the service makes them: from the last one, thawed, and what came after it."""
    cut, end = sorted((data.draw(st.integers(0, len(events))), len(events)))
    made = after(events[cut:end], thaw(freeze(after(events[:cut]))))

    folding = checked(events, snapshot_of(made))

    assert (folding.compared, folding.divergences) == (1, [])


def changed(change: Callable[[Frozen], Any]) -> list[SnapshotDivergence]:
    """Return what is found in a snapshot that was changed."""
    events = long_history("s", 2 * AT)
    recorded = snapshot_of(after(events[:AT]))
    frozen = from_json(recorded.state)
    change(frozen)
    altered = RecordedSnapshot(
        sequence=AT, fold=FOLD, latest_at=recorded.latest_at, state=to_json(frozen)
    )
    return checked(events, altered).divergences


def row(frozen: Frozen, model: str) -> Frozen:
    found: Frozen = frozen["rows"][model][0][1]
    return found


CHANGES: dict[str, tuple[Callable[[Frozen], Any], str, str]] = {
    "number": (lambda f: f.update(sequence=AT + 1), "", "sequence"),
    "time": (lambda f: f.update(occurred_at=None), "", "occurred_at"),
    "latest time": (lambda f: f.update(latest_at=None), "", "latest_at"),
    "agents": (lambda f: f["agents"].append(["mallory", AT]), "", "agents"),
    "value": (lambda f: row(f, "sessions").update(messages=99), "sessions", "messages"),
    "type": (lambda f: row(f, "sessions").update(cost_usd=0), "sessions", "cost_usd"),
    "value left out": (lambda f: row(f, "messages").pop("content"), "messages", "content"),
    "row left out": (lambda f: f["rows"]["messages"].pop(), "messages", "*"),
    "row added": (lambda f: f["rows"]["turns"].append([["s", "t"], {}]), "turns", "*"),
    "order": (lambda f: f["rows"]["messages"].reverse(), "messages", "order"),
    "nothing readable": (lambda f: f.pop("rows"), "", "*"),
}


@pytest.mark.parametrize(("change", "model", "field"), CHANGES.values(), ids=CHANGES)
def test_the_first_field_that_differs_is_named(
    change: Callable[[Frozen], Any], model: str, field: str
) -> None:
    """Safeguard: all of a state is compared; leave a part out, and its case here fails."""
    [found] = changed(change)

    assert (found.snapshot, found.read_model, found.field) == (AT, model, field)


def test_one_of_another_fold_is_left_alone() -> None:
    events = long_history("s", AT)
    other = RecordedSnapshot(
        sequence=AT, fold=FOLD + 1, latest_at=events[-1].occurred_at, state=b"?"
    )

    folding = checked(events, other)

    assert (folding.compared, folding.divergences) == (0, [])
