# SPDX-License-Identifier: Apache-2.0
"""The topics, and the messages on them, as an AsyncAPI 3 document."""

from typing import Any

from shared.events import Event, EventLevel, Topics, registry
from shared.events.topics import CONSUMING_SERVICES
from shared.messaging import headers as names
from shared.messaging.codec import JSON
from shared.messaging.schemas import payload_schema

Document = dict[str, Any]

_TEXT: Document = {"type": "string"}
_HEADERS: Document = {
    "type": "object",
    "properties": {
        names.CONTENT_TYPE: {"const": JSON},
        names.SPEC_VERSION: {"const": "1.0"},
        names.ID: {"type": "string", "format": "uuid"},
        names.SOURCE: _TEXT,
        names.TYPE: _TEXT,
        names.TIME: {"type": "string", "format": "date-time"},
        names.SUBJECT: _TEXT,
        names.DATA_SCHEMA: _TEXT,
        names.CORRELATION_ID: _TEXT,
        names.CAUSATION_ID: {"type": "string", "format": "uuid"},
        names.PARTITION_KEY: _TEXT,
        names.SEQUENCE: {"type": "string", "pattern": "^[0-9]{20}$"},
        names.TRACEPARENT: _TEXT,
        names.TRACESTATE: _TEXT,
    },
    "required": [
        names.SPEC_VERSION,
        names.ID,
        names.SOURCE,
        names.TYPE,
        names.TIME,
        names.SUBJECT,
        names.SEQUENCE,
    ],
}


def asyncapi_document(*, version: str, topics: Topics | None = None) -> Document:
    """Return the document that describes every topic of an installation."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "agent-runtime",
            "version": version,
            "description": "The events of an agent runtime: CloudEvents 1.0 on Kafka, binary mode.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": _channels(topics or Topics()),
        "operations": {
            "publish_domain": _operation("send", "domain"),
            "publish_infrastructure": _operation("send", "infrastructure"),
            "consume_domain": _operation("receive", "domain"),
            "consume_infrastructure": _operation("receive", "infrastructure"),
        },
        "components": {
            "messages": {_name(event_class): _message(event_class) for event_class in registry},
            "schemas": {
                "headers": _HEADERS,
                **{_name(event_class): payload_schema(event_class) for event_class in registry},
            },
        },
    }


def _channels(topics: Topics) -> Document:
    by_level = {
        level: [event_class for event_class in registry if event_class.level is level]
        for level in EventLevel
    }
    everything = list(registry)
    channels = {
        "domain": _channel(
            topics.domain, "What happened in the business.", by_level[EventLevel.DOMAIN]
        ),
        "infrastructure": _channel(
            topics.infrastructure,
            "How it happened, technically.",
            by_level[EventLevel.INFRASTRUCTURE],
        ),
        "dead_letters": _channel(
            topics.dead_letters,
            "Records that could not be handled, byte for byte, with headers that say why. Besides"
            " these messages it holds whatever else was found on the topics.",
            everything,
        ),
    }
    for service in CONSUMING_SERVICES:
        channels[f"retry_{service}"] = _channel(
            topics.retry(service), f"Dead letters on their way back to {service}.", everything
        )
    return channels


def _channel(address: str, description: str, events: list[type[Event]]) -> Document:
    return {
        "address": address,
        "description": description,
        "messages": {
            _name(event_class): {"$ref": f"#/components/messages/{_name(event_class)}"}
            for event_class in events
        },
        "bindings": {"kafka": {"topic": address, "bindingVersion": "0.5.0"}},
    }


def _operation(action: str, channel: str) -> Document:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _message(event_class: type[Event]) -> Document:
    return {
        "name": event_class.type_name(),
        "title": event_class.__name__,
        "summary": (event_class.__doc__ or "").splitlines()[0],
        "contentType": JSON,
        "correlationId": {"location": f"$message.header#/{names.CORRELATION_ID}"},
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"$ref": f"#/components/schemas/{_name(event_class)}"},
        "bindings": {"kafka": {"key": _TEXT, "bindingVersion": "0.5.0"}},
    }


def _name(event_class: type[Event]) -> str:
    return event_class.type_name()
