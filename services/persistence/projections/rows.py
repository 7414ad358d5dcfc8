# SPDX-License-Identifier: Apache-2.0
"""Changes added up: of one batch, to be written, or of a whole session, to be its state."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from services.persistence.projections.fit import fit, fit_addend, fit_key
from services.persistence.projections.read_model import Merge, ReadModel, Values

Key = tuple[str | int, ...]
Row = dict[str, Any]

_FIRST, _LAST, _ADD = Merge.FIRST, Merge.LAST, Merge.ADD


class Rows:
    """Rows of read models, by key."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Key, Row]] = defaultdict(dict)

    def add(self, model: ReadModel, values: Values) -> Key:
        """Bring a change into its row, which begins with it if it is the first; return its key."""
        key = tuple([_key(values[name]) for name in model.key])
        rows = self._rows[model.name]
        row = rows.get(key)
        if row is None:
            row = rows[key] = {}
        columns = model.columns
        for name, value in values.items():
            merge = columns.get(name)
            if value is None:
                continue
            if merge is _LAST:
                row[name] = fit(value)
            elif merge is _ADD:
                row[name] = row.get(name, 0) + fit_addend(value)
            elif merge is _FIRST and name not in row:
                row[name] = fit(value)
        return key

    def of(self, model: ReadModel) -> Mapping[Key, Row]:
        """Return the rows of a read model."""
        return self._rows.get(model.name, {})

    def only(self, sessions: set[str]) -> "Rows":
        """Return what is about some sessions, by the keys that begin with them."""
        keys = {fit_key(session_id) for session_id in sessions}
        some = Rows()
        for name, rows in self._rows.items():
            some._rows[name] = {key: row for key, row in rows.items() if key[0] in keys}
        return some

    def put(self, model: ReadModel, key: Key, row: Row) -> None:
        """Have a row be as it is given, behind those that are there."""
        self._rows[model.name][key] = row

    def remove(self, model: ReadModel, keys: Iterable[Key]) -> None:
        """Forget rows."""
        for key in keys:
            del self._rows[model.name][key]


def _key(value: str | int) -> str | int:
    return fit_key(value) if isinstance(value, str) else value
