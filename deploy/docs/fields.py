# SPDX-License-Identifier: Apache-2.0
"""JSON Schema in words that fit into a table."""

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]

_BOUNDS = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_FORMATS = {"date-time": "time", "uuid": "UUID"}


def in_words(schema: Schema) -> str:
    """Return the type of a field with its bounds, such as ``integer ≥ 0``."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(in_words(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return " · ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = _FORMATS.get(schema.get("format", "")) or schema.get("type", "anything")
    bounds = [f"{sign} {schema[name]}" for name, sign in _BOUNDS.items() if name in schema]
    return " ".join([kind, *bounds])


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return [f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines]
