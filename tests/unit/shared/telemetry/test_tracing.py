# SPDX-License-Identifier: Apache-2.0
from uuid import UUID

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, StatusCode, get_current_span

from shared.correlation import EventCorrelation
from shared.errors import ConflictError
from shared.telemetry.tracing import Tracing, note_correlation


def test_a_span_is_current_and_nested(tracing: Tracing, finished: InMemorySpanExporter) -> None:
    with tracing.span("outer") as outer, tracing.span("inner", attributes={"a": 1}) as inner:
        assert get_current_span() is inner

    first, second = finished.get_finished_spans()
    assert (first.name, second.name) == ("inner", "outer")
    assert first.parent == outer.get_span_context()
    assert first.attributes == {"a": 1}
    assert not get_current_span().get_span_context().is_valid


def test_an_error_is_recorded_without_its_secrets_and_raised_on(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with pytest.raises(ConflictError), tracing.span("work"):
        raise ConflictError("postgresql://audit:hunter2@db/x refused")

    (span,) = finished.get_finished_spans()
    assert span.attributes == {"error.type": "shared.errors.ConflictError"}
    assert span.status.status_code is StatusCode.ERROR
    (event,) = span.events
    assert event.name == "exception"
    text = f"{span.status.description} {event.attributes}"
    assert "audit:***@db" in text
    assert "hunter2" not in text


def test_a_long_stack_is_cut(tracing: Tracing, finished: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="x"), tracing.span("work"):
        raise ValueError("x" * 100_000)

    (event,) = finished.get_finished_spans()[0].events
    assert event.attributes is not None
    assert len(str(event.attributes["exception.message"])) == 1024
    assert len(str(event.attributes["exception.stacktrace"])) == 8192


def test_every_span_carries_the_correlation_and_the_cause(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    cause = UUID(int=7)

    with EventCorrelation.scope("c-1", causation_id=cause), tracing.span("work"):
        pass

    assert finished.get_finished_spans()[0].attributes == {
        "agent_runtime.correlation_id": "c-1",
        "agent_runtime.causation_id": str(cause),
    }


def test_a_correlation_that_is_known_late_is_noted(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.span("request"):
        note_correlation("c-1")

    assert finished.get_finished_spans()[0].attributes == {"agent_runtime.correlation_id": "c-1"}


def test_a_child_span_needs_a_trace_to_be_part_of(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with tracing.child_span("poll"):
        pass
    assert finished.get_finished_spans() == ()

    with tracing.span("turn"), tracing.child_span("SELECT"):
        pass

    assert [span.name for span in finished.get_finished_spans()] == ["SELECT", "turn"]


def test_tracing_that_is_off_makes_no_spans() -> None:
    tracing = Tracing.off()

    with tracing.span("outer", attributes={"a": 1}) as outer, tracing.child_span("inner") as inner:
        assert outer is inner is tracing.start("third") is INVALID_SPAN


def test_tracing_that_is_off_lets_errors_through() -> None:
    with pytest.raises(ValueError, match="broken"), Tracing.off().span("work"):
        raise ValueError("broken")
