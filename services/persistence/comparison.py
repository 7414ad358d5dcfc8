# SPDX-License-Identifier: Apache-2.0
"""Compares what the events of a session add up to with what was recorded of it. No I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from services.persistence.projections import READ_MODELS, Key, Merge, ReadModel, Rows
from shared.events import Event

ROW = "*"
"""Stands for all columns of a row that is there on one side only."""

Recorded = Mapping[str, Mapping[Key, Mapping[str, Any]]]
"""The recorded rows of each read model, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """A value that is not what the events say.

    ``sequence`` is the event that gave the folded value; of a row that no event accounts for, 0.
    """

    sequence: int
    read_model: str
    key: Key
    field: str
    recorded: Any
    folded: Any


class Folding:
    """The rows of one session as its events make them, with the event behind each value."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.sequence = 0
        self._origins: dict[tuple[str, Key, str], int] = {}

    def take(self, event: Event) -> None:
        """Bring in the next event of the session."""
        self.sequence = event.sequence
        for model in READ_MODELS:
            values = model.projection(event) if model.concerns(type(event)) else None
            if values is None:
                continue
            key = self.rows.add(model, values)
            self._origins.setdefault((model.name, key, ROW), event.sequence)
            for name, value in values.items():
                origin = (model.name, key, name)
                if value is not None and (
                    origin not in self._origins or model.columns.get(name) is not Merge.FIRST
                ):
                    self._origins[origin] = event.sequence

    def divergences(self, recorded: Recorded) -> list[Divergence]:
        """Return what is recorded otherwise, the earliest event first."""
        found = [
            each for model in READ_MODELS for each in self._of(model, recorded.get(model.name, {}))
        ]
        return sorted(found, key=lambda each: (each.sequence, each.read_model, each.field))

    def _of(
        self, model: ReadModel, recorded: Mapping[Key, Mapping[str, Any]]
    ) -> Iterator[Divergence]:
        folded = self.rows.of(model)
        for key in [*folded, *(each for each in recorded if each not in folded)]:
            made, row = folded.get(key), recorded.get(key)
            if made is None or row is None:
                yield self._divergence(model, key, ROW, row, made)
                continue
            for name in model.columns:
                if not _same(row[name], made.get(name)):
                    yield self._divergence(model, key, name, row[name], made.get(name))

    def _divergence(
        self, model: ReadModel, key: Key, field: str, recorded: Any, folded: Any
    ) -> Divergence:
        return Divergence(
            sequence=self._origins.get((model.name, key, field), 0),
            read_model=model.name,
            key=key,
            field=field,
            recorded=recorded,
            folded=folded,
        )


def by_key(model: ReadModel, rows: Iterable[Mapping[str, Any]]) -> dict[Key, Mapping[str, Any]]:
    """Return recorded rows by their key."""
    return {tuple(row[name] for name in model.key): row for row in rows}


def _same(recorded: Any, folded: Any) -> bool:
    """Tell whether two values say the same: counters begin at 0, and JSON is what it says."""
    if isinstance(recorded, dict | list) and isinstance(folded, str):
        folded = from_json(folded)
    return bool((recorded or None) == (folded or None))
