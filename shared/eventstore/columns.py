# SPDX-License-Identifier: Apache-2.0
"""Lists of values as rows of a statement.

A statement is built once and takes a batch of any size: each column is one array parameter.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BindParameter, bindparam, column, func
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

Types = Mapping[str, TypeEngine[Any]]


def array(name: str, type_: TypeEngine[Any]) -> BindParameter[Any]:
    """Return the parameter ``name``: a list of values."""
    return bindparam(name, type_=ARRAY(type_))


def rows(types: Types, *, number: str | None = None) -> TableValuedAlias:
    """Return a table with columns of ``types``, whose rows are given by ``parameters``.

    The column ``number``, if it has a name, counts them from 1.
    """
    arrays = [array(_parameter(name), type_) for name, type_ in types.items()]
    names = [column(name, type_) for name, type_ in types.items()]
    table = func.unnest(*arrays).table_valued(*names, with_ordinality=number)
    return table.render_derived()


def parameters(types: Types, values: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """Return ``values``, one sequence for each row, as the parameters of ``rows``."""
    columns: Iterable[Any] = zip(*values, strict=True) if values else [()] * len(types)
    return {_parameter(name): list(column) for name, column in zip(types, columns, strict=True)}


def _parameter(name: str) -> str:
    return f"new_{name}"
