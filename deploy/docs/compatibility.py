# SPDX-License-Identifier: Apache-2.0
"""Payloads only grow: finds what would break a reader or a record of the same version."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_SHAPE = ("type", "format", "anyOf", "enum", "const", "items", "additionalProperties", "pattern")
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_BOUNDS = _LEAST + _MOST


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """Return why ``new`` is no compatible successor of ``old``; nothing if it is one.

    A field may be added if it has a default. No field may be removed, renamed or become another
    type, and a value that was allowed stays allowed, since old records are read for ever.
    """
    return list(_problems(old, new))


def _problems(old: Schema, new: Schema) -> Iterator[str]:
    before, after = old["properties"], new["properties"]
    for name in before.keys() - after.keys():
        yield f"{name} was removed or renamed"
    for name in sorted(before.keys() & after.keys()):
        yield from _field_problems(name, before[name], after[name])
    for name in sorted(set(new["required"]) - set(old["required"])):
        yield f"{name} is required now" if name in before else f"{name} was added without a default"


def _field_problems(name: str, old: Schema, new: Schema) -> Iterator[str]:
    lost = _values(old) - _values(new)
    if lost and _values(new):
        yield f"{name} no longer allows {', '.join(sorted(lost))}"
    elif lost or (not _values(old) and _shape(old) != _shape(new)):
        yield f"{name} is of another type now"
    for bound in _BOUNDS:
        if bound in new and (bound not in old or _is_tighter(bound, new[bound], old[bound])):
            yield f"{name} has a tighter {bound} now"


def _shape(schema: Schema) -> Schema:
    return {name: schema[name] for name in _SHAPE if name in schema}


def _values(schema: Schema) -> set[str]:
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return {str(value) for value in values}


def _is_tighter(bound: str, new: float, old: float) -> bool:
    return new > old if bound in _LEAST else new < old
