# SPDX-License-Identifier: Apache-2.0
"""Spans of records sent and processed, as the messaging conventions want them.

A record is sent below the span in which its event was made, and processed below the span that sent
it, so one turn is one trace through every service. Where the event was made elsewhere (it waited
in an outbox, a retry topic or the dead letter queue) the processing span also links to that.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import time_ns
from typing import Protocol
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanContext,
    SpanKind,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from shared.telemetry import attributes as names
from shared.telemetry.propagation import Headers, as_context, extract, extract_creation, inject
from shared.telemetry.tracing import Tracing, current

SYSTEM = "kafka"
MAX_LINKS = 100
MAX_TEXT = 512

_NOTHING = nullcontext(INVALID_SPAN)

_EVENT_HEADERS = (
    ("ce_id", names.CLOUDEVENTS_EVENT_ID),
    ("ce_id", names.MESSAGING_MESSAGE_ID),
    ("ce_type", names.CLOUDEVENTS_EVENT_TYPE),
    ("ce_source", names.CLOUDEVENTS_EVENT_SOURCE),
    ("ce_subject", names.CLOUDEVENTS_EVENT_SUBJECT),
    ("ce_specversion", names.CLOUDEVENTS_EVENT_SPEC_VERSION),
    ("ce_sequence", names.EVENT_SEQUENCE),
    ("ce_correlationid", names.MESSAGING_MESSAGE_CONVERSATION_ID),
    ("ce_correlationid", names.CORRELATION_ID),
    ("ce_causationid", names.CAUSATION_ID),
)


class IncomingRecord(Protocol):
    """What is known of a record before anybody has understood it."""

    @property
    def topic(self) -> str: ...  # noqa: D102 -- the names say it
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Headers: ...  # noqa: D102


def start_send_span(
    tracing: Tracing,
    *,
    topic: str,
    key: bytes | str | None,
    event_id: UUID | str,
    correlation_id: str,
    parent: Context | None = None,
    event_type: str | None = None,
) -> Span:
    """Start ``send {topic}`` below ``parent`` (the current span if None); the caller ends it."""
    if not tracing.enabled:
        return INVALID_SPAN
    span = tracing.start(f"send {topic}", kind=SpanKind.PRODUCER, parent=parent)
    if not span.is_recording():
        return span
    attributes = _operation("send", "send", topic)
    attributes[names.MESSAGING_MESSAGE_ID] = str(event_id)
    attributes[names.CLOUDEVENTS_EVENT_ID] = str(event_id)
    attributes[names.MESSAGING_MESSAGE_CONVERSATION_ID] = correlation_id
    attributes[names.CORRELATION_ID] = correlation_id
    if key is not None:
        attributes[names.MESSAGING_KAFKA_MESSAGE_KEY] = _text(key)
    if event_type is not None:
        attributes[names.CLOUDEVENTS_EVENT_TYPE] = event_type
    span.set_attributes(attributes)
    return span


def send_span(
    tracing: Tracing,
    *,
    topic: str,
    key: bytes | str | None,
    event_id: UUID | str,
    correlation_id: str,
    parent: Context | None = None,
    event_type: str | None = None,
) -> AbstractContextManager[Span]:
    """Work in ``send {topic}``: it ends with the block and records what the block raises."""
    if not tracing.enabled:
        return _NOTHING
    return current(
        start_send_span(
            tracing,
            topic=topic,
            key=key,
            event_id=event_id,
            correlation_id=correlation_id,
            parent=parent,
            event_type=event_type,
        )
    )


def inject_span(span: Span, headers: Headers) -> list[tuple[str, bytes | None]]:
    """Return ``headers`` naming ``span`` as the last hop; as they are if it is no real span."""
    return inject(set_span_in_context(span, Context()), headers)


def process_span(
    tracing: Tracing, record: IncomingRecord, *, group: str
) -> AbstractContextManager[Span]:
    """Work in ``process {topic}`` for one record: below its sender, linked to its creation."""
    if not tracing.enabled:
        return _NOTHING
    return current(_start_process_span(tracing, record, group))


def batch_spans(
    tracing: Tracing, records: Sequence[IncomingRecord], *, group: str
) -> AbstractContextManager[Span]:
    """Work in one span for all of ``records``, and leave ``process {topic}`` of each in its trace.

    Several records are applied at once below ``poll {topic}``, which links to all of them, and is
    part of their trace where it is the same. If the block raises, only that span tells: the
    records are then processed one by one, and each attempt has a span of its own.
    """
    if not tracing.enabled or not records:
        return _NOTHING
    if len(records) == 1:
        return process_span(tracing, records[0], group=group)
    return _batch(tracing, records, group)


@contextmanager
def _batch(tracing: Tracing, records: Sequence[IncomingRecord], group: str) -> Generator[Span]:
    began = time_ns()
    hops = [get_current_span(extract(record.headers)).get_span_context() for record in records]
    topics = {record.topic for record in records}
    name = f"poll {records[0].topic}" if len(topics) == 1 else "poll"
    links = [Link(hop) for hop in hops if hop.is_valid][:MAX_LINKS]
    poll = tracing.start(name, kind=SpanKind.CLIENT, parent=_shared_trace(hops), links=links)
    if poll.is_recording():
        attributes = _operation("poll", "receive", ",".join(sorted(topics)))
        attributes[names.MESSAGING_CONSUMER_GROUP_NAME] = group
        attributes[names.MESSAGING_BATCH_MESSAGE_COUNT] = len(records)
        poll.set_attributes(attributes)
    with current(poll):
        yield poll
    ended = time_ns()
    for record in records:
        link = Link(poll.get_span_context())
        span = _start_process_span(tracing, record, group, links=(link,), start_time=began)
        span.end(ended)


@contextmanager
def commit_span(
    tracing: Tracing, records: Sequence[IncomingRecord], *, group: str
) -> Generator[Span]:
    """Work in ``commit {topic}``, which is part of the trace of the records where that is one."""
    if not tracing.enabled or not records:
        yield INVALID_SPAN
        return
    hops = [get_current_span(extract(record.headers)).get_span_context() for record in records]
    topics = sorted({record.topic for record in records})
    name = f"commit {topics[0]}" if len(topics) == 1 else "commit"
    span = tracing.start(name, kind=SpanKind.CLIENT, parent=_shared_trace(hops))
    span.set_attributes(_operation("commit", "settle", ",".join(topics)))
    span.set_attribute(names.MESSAGING_CONSUMER_GROUP_NAME, group)
    with current(span):
        yield span


def _start_process_span(
    tracing: Tracing,
    record: IncomingRecord,
    group: str,
    *,
    links: Iterable[Link] = (),
    start_time: int | None = None,
) -> Span:
    parent = extract(record.headers)
    creation = extract_creation(record.headers)
    hop = get_current_span(parent).get_span_context()
    span = tracing.start(
        f"process {record.topic}",
        kind=SpanKind.CONSUMER,
        parent=parent,
        links=[*_creation_link(creation, hop), *links],
        start_time=start_time,
    )
    if span.is_recording():
        span.set_attributes(_process_attributes(record, group))
    return span


def _creation_link(creation: SpanContext, hop: SpanContext) -> list[Link]:
    same = (creation.trace_id, creation.span_id) == (hop.trace_id, hop.span_id)
    return [Link(creation)] if creation.is_valid and not same else []


def _shared_trace(hops: Sequence[SpanContext]) -> Context:
    if len({hop.trace_id for hop in hops}) != 1 or not hops[0].is_valid:
        return Context()
    return as_context(hops[0])


def _process_attributes(record: IncomingRecord, group: str) -> dict[str, AttributeValue]:
    attributes = _operation("process", "process", record.topic)
    attributes[names.MESSAGING_CONSUMER_GROUP_NAME] = group
    attributes[names.MESSAGING_DESTINATION_PARTITION_ID] = str(record.partition)
    attributes[names.MESSAGING_KAFKA_OFFSET] = record.offset
    if record.key is not None:
        attributes[names.MESSAGING_KAFKA_MESSAGE_KEY] = _text(record.key)
    if record.value is None:
        attributes[names.MESSAGING_KAFKA_MESSAGE_TOMBSTONE] = True
    headers = dict(record.headers)
    for header, attribute in _EVENT_HEADERS:
        value = headers.get(header)
        if value:
            attributes[attribute] = _text(value)
    return attributes


def _operation(name: str, kind: str, topic: str) -> dict[str, AttributeValue]:
    return {
        names.MESSAGING_SYSTEM: SYSTEM,
        names.MESSAGING_OPERATION_NAME: name,
        names.MESSAGING_OPERATION_TYPE: kind,
        names.MESSAGING_DESTINATION_NAME: topic,
    }


def _text(value: bytes | str) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text[:MAX_TEXT]
