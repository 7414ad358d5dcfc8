# SPDX-License-Identifier: Apache-2.0
"""Compares recorded snapshots with what the events up to them add up to. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.persistence.projections import READ_MODELS, Key, ReadModel, Row
from services.persistence.snapshot import thaw
from services.persistence.state import FOLD, SessionState, evolve
from shared.events import Event

WHOLE = "*"
"""Stands for all of a row that is on one side only, or of a snapshot that cannot be read."""

ORDER = "order"
"""Stands for rows that are the same ones in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSnapshot:
    """A snapshot as it is stored."""

    sequence: int
    fold: int
    latest_at: datetime
    state: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDivergence:
    """The first value of a snapshot that is not what the events up to it say.

    ``read_model`` is empty for what a snapshot says of the session as a whole.
    """

    snapshot: int
    read_model: str
    key: Key
    field: str
    recorded: Any
    folded: Any


class SnapshotFolding:
    """The state of one session as its events make it, held against its snapshots on the way."""

    def __init__(self) -> None:
        self.compared = 0
        self.divergences: list[SnapshotDivergence] = []
        self._state = SessionState()

    def take(self, event: Event, snapshots: Mapping[int, RecordedSnapshot]) -> None:
        """Bring in the next event, and compare with the snapshot after it if there is one."""
        self._state = evolve(self._state, event)
        snapshot = snapshots.get(event.sequence)
        if snapshot is None or snapshot.fold != FOLD:
            return  # one of another fold is not gone on from, but made again
        self.compared += 1
        found = next(_differences(snapshot, self._state), None)
        if found:
            self.divergences.append(found)


def _differences(snapshot: RecordedSnapshot, folded: SessionState) -> Iterator[SnapshotDivergence]:
    def found(
        field: str, recorded: Any, made: Any, *, model: str = "", key: Key = ()
    ) -> SnapshotDivergence:
        return SnapshotDivergence(
            snapshot=snapshot.sequence,
            read_model=model,
            key=key,
            field=field,
            recorded=recorded,
            folded=made,
        )

    try:
        state = thaw(snapshot.state)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield found(WHOLE, f"it cannot be read: {error}", None)
        return
    if snapshot.latest_at != folded.latest_at:
        yield found("latest_at", snapshot.latest_at, folded.latest_at)
    for name in ("sequence", "occurred_at", "latest_at"):
        if getattr(state, name) != getattr(folded, name):
            yield found(name, getattr(state, name), getattr(folded, name))
    if list(state.agents.items()) != list(folded.agents.items()):
        yield found("agents", state.agents, folded.agents)
    for model in READ_MODELS:
        for key, field, recorded, made in _rows(model, state, folded):
            yield found(field, recorded, made, model=model.name, key=key)


def _rows(
    model: ReadModel, state: SessionState, folded: SessionState
) -> Iterator[tuple[Key, str, Any, Any]]:
    recorded, made = state.rows.of(model), folded.rows.of(model)
    for key in [*made, *(each for each in recorded if each not in made)]:
        if key not in made or key not in recorded:
            yield key, WHOLE, recorded.get(key), made.get(key)
        else:
            yield from ((key, *each) for each in _values(recorded[key], made[key]))
    if list(recorded) != list(made):
        yield (), ORDER, list(recorded), list(made)


def _values(recorded: Row, made: Row) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*recorded, *made}):
        ours, theirs = recorded.get(name), made.get(name)
        if (name in recorded, ours.__class__, ours) != (name in made, theirs.__class__, theirs):
            yield name, ours, theirs
