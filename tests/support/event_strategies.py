# SPDX-License-Identifier: Apache-2.0
"""Any event at all, built from what its model says of its fields."""

from datetime import UTC
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from shared.events import Event, registry

TEXT = st.text(max_size=40)
JSON_VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(TEXT, values, max_size=3),
    max_leaves=8,
)


def any_event() -> SearchStrategy[Event]:
    """Return a strategy for events of every registered class."""
    return st.sampled_from(list(registry)).flatmap(events_of)


def events_of(event_class: type[Event]) -> SearchStrategy[Event]:
    """Return a strategy for recorded events of one class, all fields drawn."""
    fields = {name: _field(name, field) for name, field in event_class.model_fields.items()}
    return st.builds(event_class, **fields)


def _field(name: str, field: FieldInfo) -> SearchStrategy[Any]:
    if name == "source":
        return st.text(min_size=1, max_size=40)
    return _values(field.annotation, _bounds(field))


def _bounds(field: FieldInfo) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    for constraint in field.metadata:
        for name in ("ge", "le", "min_length", "max_length"):
            value = getattr(constraint, name, None)
            if value is not None:
                bounds[name] = value
    return bounds


def _values(annotation: Any, bounds: dict[str, Any]) -> SearchStrategy[Any]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return st.one_of([_values(each, bounds) for each in get_args(annotation)])
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if origin is dict:
        return st.dictionaries(
            TEXT, TEXT if get_args(annotation)[1] is str else JSON_VALUES, max_size=4
        )
    if origin is tuple and get_args(annotation)[1:] == (...,):
        return st.lists(_values(get_args(annotation)[0], bounds), max_size=3).map(tuple)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return st.builds(annotation, **{name: _field(name, field) for name, field in fields})
    return _simple(annotation, bounds)


def _simple(annotation: Any, bounds: dict[str, Any]) -> SearchStrategy[Any]:
    least, most = bounds.get("ge"), bounds.get("le")
    if annotation is NoneType:
        return st.none()
    if annotation is str:
        longest = min(bounds.get("max_length", 40), 40)
        return st.text(min_size=bounds.get("min_length", 0), max_size=longest)
    if annotation is int:
        return st.integers(least, 2**63 - 1 if most is None else most)
    if annotation is float:
        return st.floats(least, most, allow_nan=False, allow_infinity=False)
    if annotation is Decimal:
        return st.decimals(allow_nan=False, allow_infinity=False)
    if annotation is AwareDatetime:
        return st.datetimes(timezones=st.just(UTC))
    return st.from_type(annotation)
