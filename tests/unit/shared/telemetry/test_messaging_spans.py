# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, SpanKind, StatusCode, get_current_span

from shared.telemetry.messaging_spans import (
    batch_spans,
    inject_span,
    process_span,
    send_span,
    start_send_span,
)
from shared.telemetry.propagation import Headers, extract, inject
from shared.telemetry.tracing import Tracing

EVENT = UUID(int=1)
GROUP = "agent-runtime.audit"
EVENT_HEADERS: Headers = (
    ("ce_id", b"e-1"),
    ("ce_type", b"agentruntime.domain.session_created.v1"),
    ("ce_source", b"/orchestrator/sessions/s-1"),
    ("ce_subject", b"s-1"),
    ("ce_specversion", b"1.0"),
    ("ce_sequence", b"0000000001"),
    ("ce_correlationid", b"c-1"),
)


@dataclass
class Received:
    """A record as a consumer got it."""

    topic: str = "t"
    partition: int = 3
    offset: int = 42
    key: bytes | None = b"s-1"
    value: bytes | None = b"{}"
    headers: Headers = field(default=EVENT_HEADERS)


def _sent(tracing: Tracing, headers: Headers = EVENT_HEADERS) -> Headers:
    with send_span(tracing, topic="t", key="s-1", event_id=EVENT, correlation_id="c-1") as span:
        return inject_span(span, headers)


def _names(spans: tuple[ReadableSpan, ...]) -> list[str]:
    return [span.name for span in spans]


def test_sending_is_a_producer_span_below_the_current_one(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with (
        tracing.span("turn") as turn,
        send_span(
            tracing,
            topic="t",
            key=b"s-1",
            event_id=EVENT,
            correlation_id="c-1",
            event_type="agentruntime.domain.session_created.v1",
        ),
    ):
        pass

    span = finished.get_finished_spans()[0]
    assert (span.name, span.kind) == ("send t", SpanKind.PRODUCER)
    assert span.parent == turn.get_span_context()
    assert span.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": "t",
        "messaging.message.id": str(EVENT),
        "messaging.message.conversation_id": "c-1",
        "messaging.kafka.message.key": "s-1",
        "cloudevents.event_id": str(EVENT),
        "cloudevents.event_type": "agentruntime.domain.session_created.v1",
        "agent_runtime.correlation_id": "c-1",
    }


def test_a_relay_sends_below_the_span_that_made_the_event(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.span("turn") as turn:
        stored = inject(None, EVENT_HEADERS)

    span = start_send_span(
        tracing, topic="t", key="s-1", event_id=EVENT, correlation_id="c-1", parent=extract(stored)
    )
    headers = dict(inject_span(span, stored))
    span.end()

    sent = finished.get_finished_spans()[-1]
    assert sent.parent is not None
    assert sent.parent.span_id == turn.get_span_context().span_id
    assert headers["ce_traceparent"] == dict(stored)["traceparent"]
    assert headers["traceparent"] != headers["ce_traceparent"]


def test_a_send_that_fails_says_so(tracing: Tracing, finished: InMemorySpanExporter) -> None:
    with (
        pytest.raises(OSError, match="refused"),
        send_span(tracing, topic="t", key=None, event_id=EVENT, correlation_id="c-1"),
    ):
        raise OSError("refused")

    (span,) = finished.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["error.type"] == "OSError"


def test_processing_is_a_consumer_span_below_the_sender(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with process_span(tracing, Received(headers=_sent(tracing)), group=GROUP) as current:
        assert get_current_span() is current

    send, process = finished.get_finished_spans()
    assert (process.name, process.kind) == ("process t", SpanKind.CONSUMER)
    assert process.parent is not None
    assert send.context is not None
    assert process.parent.span_id == send.context.span_id
    assert process.links == ()  # it was made where it was sent
    assert process.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "t",
        "messaging.destination.partition.id": "3",
        "messaging.consumer.group.name": GROUP,
        "messaging.message.id": "e-1",
        "messaging.message.conversation_id": "c-1",
        "messaging.kafka.message.key": "s-1",
        "messaging.kafka.offset": 42,
        "cloudevents.event_id": "e-1",
        "cloudevents.event_source": "/orchestrator/sessions/s-1",
        "cloudevents.event_spec_version": "1.0",
        "cloudevents.event_subject": "s-1",
        "cloudevents.event_type": "agentruntime.domain.session_created.v1",
        "agent_runtime.event.sequence": "0000000001",
        "agent_runtime.correlation_id": "c-1",
    }


def test_processing_links_to_where_the_event_was_made(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.span("turn") as turn:
        stored = inject(None, EVENT_HEADERS)
    redriven = _sent(tracing, stored)  # by somebody else, in a trace of its own

    with process_span(tracing, Received(headers=redriven), group=GROUP):
        pass

    process = finished.get_finished_spans()[-1]
    (link,) = process.links
    assert link.context.span_id == turn.get_span_context().span_id
    assert process.parent is not None
    assert process.parent.trace_id != turn.get_span_context().trace_id


def test_processing_that_fails_says_so(tracing: Tracing, finished: InMemorySpanExporter) -> None:
    with (
        pytest.raises(ValueError, match="bad"),
        process_span(tracing, Received(), group=GROUP),
    ):
        raise ValueError("bad")

    (span,) = finished.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["error.type"] == "ValueError"


def test_a_record_of_garbage_is_processed_in_a_trace_of_its_own(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    garbage = Received(
        key=b"\xff",
        value=None,
        headers=(
            ("traceparent", b"\xff"),
            ("traceparent", None),
            ("ce_id", b"\xff\xfe"),
            ("ce_id", None),
            ("ce_type", b"\xff"),
            ("ce_correlationid", b"x" * 100_000),
        ),
    )

    with tracing.span("unrelated"), process_span(tracing, garbage, group=GROUP):
        pass

    process = finished.get_finished_spans()[0]
    assert process.parent is None
    assert process.attributes is not None
    assert process.attributes["messaging.kafka.message.tombstone"] is True
    assert process.attributes["messaging.kafka.message.key"] == "\ufffd"
    assert process.attributes["messaging.message.conversation_id"] == "x" * 512
    assert "messaging.message.id" not in process.attributes


def test_a_batch_of_one_is_processed_in_its_own_span(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    records = [Received(headers=_sent(tracing))]

    with batch_spans(tracing, records, group=GROUP), tracing.child_span("INSERT"):
        pass

    assert _names(finished.get_finished_spans()) == ["send t", "INSERT", "process t"]


def test_a_batch_is_applied_below_one_span_and_processed_in_each_trace(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    records = [Received(offset=offset, headers=_sent(tracing)) for offset in (1, 2)]
    senders = [span.context for span in finished.get_finished_spans()]
    finished.clear()

    with batch_spans(tracing, records, group=GROUP), tracing.child_span("INSERT"):
        pass

    insert, poll, first, second = finished.get_finished_spans()
    assert (poll.name, poll.kind) == ("poll t", SpanKind.CLIENT)
    assert poll.attributes == {
        "messaging.system": "kafka",
        "messaging.operation.name": "poll",
        "messaging.operation.type": "receive",
        "messaging.destination.name": "t",
        "messaging.consumer.group.name": GROUP,
        "messaging.batch.message_count": 2,
    }
    assert poll.parent is None  # it belongs to two traces
    assert insert.parent == poll.context
    assert [link.context.span_id for link in poll.links] == [
        sender.span_id for sender in senders if sender
    ]
    for process, sender in zip((first, second), senders, strict=True):
        assert process.name == "process t"
        assert process.parent is not None
        assert sender is not None
        assert process.parent.span_id == sender.span_id
        assert [link.context for link in process.links] == [poll.context]
        assert process.start_time is not None
        assert poll.start_time is not None
        assert process.start_time <= poll.start_time


def test_a_batch_of_one_trace_is_applied_in_that_trace(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.span("turn") as turn:
        records = [Received(offset=offset, headers=_sent(tracing)) for offset in (1, 2)]
    finished.clear()

    with batch_spans(tracing, records, group=GROUP), tracing.child_span("INSERT"):
        pass

    trace = turn.get_span_context().trace_id
    assert [span.context.trace_id for span in finished.get_finished_spans() if span.context] == [
        trace
    ] * 4


def test_a_batch_that_fails_leaves_the_records_to_their_own_attempts(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with (
        pytest.raises(ValueError, match="one of them"),
        batch_spans(tracing, [Received(), Received()], group=GROUP),
    ):
        raise ValueError("one of them")

    (poll,) = finished.get_finished_spans()
    assert poll.name == "poll t"
    assert poll.status.status_code is StatusCode.ERROR


def test_where_tracing_is_off_nothing_is_made_for_a_record() -> None:
    off, record = Tracing.off(), Received()

    assert process_span(off, record, group=GROUP) is process_span(off, record, group=GROUP)
    assert batch_spans(off, [record], group=GROUP) is process_span(off, record, group=GROUP)
    span = start_send_span(off, topic="t", key=None, event_id=EVENT, correlation_id="c")
    assert span is INVALID_SPAN
    assert inject_span(span, EVENT_HEADERS) == list(EVENT_HEADERS)
