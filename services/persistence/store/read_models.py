# SPDX-License-Identifier: Apache-2.0
"""Brings changes into the read models: one statement for each, however many rows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSON, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.projections import READ_MODELS, Merge, ReadModel, Rows
from services.persistence.tables import LIVE
from shared.eventstore.columns import Types, parameters, rows


class ReadModelTable:
    """The table of a read model, and how changes get into it."""

    def __init__(self, model: ReadModel, table: Table) -> None:
        self._model = model
        self._table = table
        self._names = (*model.key, *model.columns)
        self._types: Types = {name: _parameter_type(table, name) for name in self._names}
        self._upsert = self._build_upsert()

    async def apply(self, connection: AsyncConnection, changes: Rows) -> None:
        """Bring the changes to this read model into its rows, and add the rows that are new."""
        found = changes.of(self._model)
        if not found:
            return
        columns = tuple(self._model.columns)
        values = [(*key, *map(row.get, columns)) for key, row in sorted(found.items())]
        await connection.execute(self._upsert, parameters(self._types, values))

    def _build_upsert(self) -> Insert:
        new = rows(self._types)
        statement = insert(self._table).from_select(
            self._names, select(*(self._inserted(name, new.c[name]) for name in self._names))
        )
        return statement.on_conflict_do_update(
            index_elements=self._model.key,
            set_={
                name: self._merged(name, merge, statement.excluded[name])
                for name, merge in self._model.columns.items()
            },
        )

    def _inserted(self, name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
        if self._model.columns.get(name) is Merge.ADD:
            return func.coalesce(value, 0)
        return cast(value, JSON) if isinstance(self._table.c[name].type, JSON) else value

    def _merged(self, name: str, merge: Merge, new: ColumnElement[Any]) -> ColumnElement[Any]:
        old = self._table.c[name]
        match merge:
            case Merge.ADD:
                return old + new
            case Merge.LAST:
                return func.coalesce(new, old)
            case Merge.FIRST:
                return func.coalesce(old, new)


def _parameter_type(table: Table, name: str) -> Any:
    kind = table.c[name].type
    return Text() if isinstance(kind, JSON) else kind


class ReadModels:
    """All read models: the live tables, or the second set."""

    def __init__(self, tables: Mapping[str, Table] = LIVE) -> None:
        self._tables = [ReadModelTable(model, tables[model.name]) for model in READ_MODELS]

    async def apply(self, connection: AsyncConnection, changes: Rows) -> None:
        """Bring changes into all read models; the caller holds the locks of their sessions."""
        for table in self._tables:
            await table.apply(connection, changes)
