# SPDX-License-Identifier: Apache-2.0
"""docs/events.md: the catalogue of events."""

from collections.abc import Iterator

from deploy.docs.fields import in_words, table
from shared.events import BaseEvent, DomainEvent, Event, EventCategory, Topics, registry
from shared.events.base import ENVELOPE
from shared.messaging.schemas import Schema, payload_schema

INTRODUCTION = """\
# Events

Written by `make docs` from the registry in `shared/events`; do not edit.

Everything that happens is one of these events. Domain events say what happened in the business,
infrastructure events how. On Kafka each is a CloudEvent in binary mode: the envelope travels as
headers, the value is the payload described here as JSON, the key is the aggregate. Payloads only
grow; a changed meaning is a new version. The JSON Schemas are in [schemas](schemas), the AsyncAPI
document is [asyncapi.json](asyncapi.json).
"""

ENVELOPE_MEANING = {
    "event_id": ("`ce_id`", "UUIDv7, unique"),
    "occurred_at": ("`ce_time`", "in UTC; never order events by it"),
    "aggregate_id": ("`ce_subject`, `ce_partitionkey`", "the session, or `service:<name>/<id>`"),
    "sequence": ("`ce_sequence`", "counts the events of the aggregate from 1, on both levels"),
    "correlation_id": ("`ce_correlationid`", "the conversation that the event belongs to"),
    "causation_id": ("`ce_causationid`", "the event whose handling caused this one"),
    "source": ("`ce_source`", "who recorded it"),
}


def events_page() -> str:
    """Return the catalogue as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    events = sorted(registry, key=lambda event_class: event_class.__name__)
    topics = Topics()
    yield INTRODUCTION
    yield from _envelope()
    yield f"\n## Domain events\n\nTopic `{topics.domain}`."
    for event_class in events:
        if issubclass(event_class, DomainEvent):
            yield from _event(event_class, heading="###")
    yield f"\n## Infrastructure events\n\nTopic `{topics.infrastructure}`."
    for category in EventCategory:
        yield f"\n### Category `{category}`"
        for event_class in events:
            if issubclass(event_class, BaseEvent) and event_class.category is category:
                yield from _event(event_class, heading="####")


def _envelope() -> Iterator[str]:
    if ENVELOPE_MEANING.keys() != ENVELOPE:
        raise LookupError(f"the envelope has fields without meaning: {sorted(ENVELOPE)}")
    rows = [(f"`{name}`", *meaning) for name, meaning in ENVELOPE_MEANING.items()]
    yield "## The envelope\n"
    yield from table(("field", "header", "meaning"), rows)


def _event(event_class: type[Event], *, heading: str) -> Iterator[str]:
    schema = payload_schema(event_class)
    yield f"\n{heading} {event_class.__name__}\n"
    yield f"{schema['description']}\n"
    yield f"`{event_class.type_name()}`\n"
    yield from table(("field", "type", "default"), _rows(schema))


def _rows(schema: Schema) -> list[tuple[str, ...]]:
    return [
        (f"`{name}`", in_words(field), _default(name, field, schema))
        for name, field in schema["properties"].items()
    ]


def _default(name: str, field: Schema, schema: Schema) -> str:
    if name in schema["required"]:
        return "required"
    match field.get("default"):
        case None:
            return "none" if "default" in field else "empty"
        case "":
            return "empty"
        case value:
            return f"`{str(value).lower() if isinstance(value, bool) else value}`"
