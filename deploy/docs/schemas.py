# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas of all events, as files."""

import json

from shared.events import registry
from shared.messaging.schemas import payload_schema


def schema_files() -> dict[str, str]:
    """Return the schema of every event by its file name."""
    return {
        f"{event_class.type_name()}.json": as_json(payload_schema(event_class))
        for event_class in registry
    }


def as_json(document: object) -> str:
    """Return a document as it is written to a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
