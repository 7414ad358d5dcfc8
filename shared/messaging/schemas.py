# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of each event's payload."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.events import Event
from shared.events.base import ENVELOPE
from shared.messaging.codec import schema_uri

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def payload_schema(event_class: type[Event]) -> Schema:
    """Return what a reader of this version may rely on in the value of a record."""
    full = event_class.model_json_schema(mode="validation")
    definitions = full.get("$defs", {})
    properties = {
        name: _inlined(_without_title(schema), definitions)
        for name, schema in full["properties"].items()
        if name not in ENVELOPE and not (name == "session_id" and _is_optional(schema))
    }
    return {
        "$schema": DIALECT,
        "$id": schema_uri(event_class),
        "title": event_class.__name__,
        "description": full["description"],
        "type": "object",
        "properties": properties,
        "required": [name for name in full.get("required", ()) if name in properties],
    }


def _inlined(part: JsonValue, definitions: Mapping[str, Schema]) -> JsonValue:
    """Return a part of a schema so that it refers to nothing outside itself."""
    if isinstance(part, list):
        return [_inlined(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if isinstance(reference := part.get("$ref"), str):
        definition = definitions[reference.removeprefix("#/$defs/")]
        return _inlined(_without_title(definition), definitions)
    return {name: _inlined(each, definitions) for name, each in part.items()}


def _without_title(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "title"}


def _is_optional(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())
