# SPDX-License-Identifier: Apache-2.0
"""Lists of values as rows of a statement, so that a batch is one statement whatever its size."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, column, func, literal
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

Types = Mapping[str, TypeEngine[Any]]


def array(values: Iterable[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """Return ``values`` as one array parameter."""
    return literal(list(values), ARRAY(type_))


def rows(types: Types, values: Sequence[Sequence[Any]]) -> TableValuedAlias:
    """Return ``values``, one sequence for each row, as a table with columns of ``types``."""
    by_column: Iterable[Sequence[Any]] = zip(*values, strict=True) if values else [()] * len(types)
    arrays = [array(each, type_) for each, type_ in zip(by_column, types.values(), strict=True)]
    names = [column(name, type_) for name, type_ in types.items()]
    return func.unnest(*arrays).table_valued(*names).render_derived()
