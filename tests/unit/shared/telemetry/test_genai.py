# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shared.telemetry import attributes as names
from shared.telemetry.genai import (
    TokenUsage,
    chat,
    execute_tool,
    invoke_agent,
    record_content,
    record_response,
    record_retry,
)
from shared.telemetry.tracing import Tracing


def test_a_turn_reads_as_agent_model_and_tool(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with invoke_agent(tracing, "coder", session_id="s-1", model="offline"):
        with chat(
            tracing, "offline", provider="offline", session_id="s-1", agent="coder", seed=7
        ) as span:
            record_response(
                span,
                usage=TokenUsage(input_tokens=10, output_tokens=3, cache_read_tokens=8),
                model="offline-1",
                response_id="r-1",
                finish_reasons=("tool_call",),
                cost_usd=0.25,
            )
        with execute_tool(tracing, "read_file", call_id="k", session_id="s-1", effect_id="e"):
            pass

    model, tool, agent = finished.get_finished_spans()
    assert (agent.name, agent.kind) == ("invoke_agent coder", SpanKind.INTERNAL)
    assert agent.attributes == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "coder",
        "gen_ai.conversation.id": "s-1",
        "gen_ai.request.model": "offline",
    }
    assert (model.name, model.kind) == ("chat offline", SpanKind.CLIENT)
    assert model.parent == agent.context
    assert model.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "offline",
        "gen_ai.agent.name": "coder",
        "gen_ai.conversation.id": "s-1",
        "gen_ai.request.model": "offline",
        "gen_ai.request.seed": 7,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 8,
        "gen_ai.response.model": "offline-1",
        "gen_ai.response.id": "r-1",
        "gen_ai.response.finish_reasons": ("tool_call",),
        "agent_runtime.cost_usd": 0.25,
    }
    assert (tool.name, tool.kind) == ("execute_tool read_file", SpanKind.INTERNAL)
    assert tool.attributes == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "read_file",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "k",
        "gen_ai.conversation.id": "s-1",
        "agent_runtime.effect.id": "e",
    }


def test_a_model_that_fails_marks_its_span(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with (
        pytest.raises(TimeoutError),
        chat(tracing, "offline", provider="offline", session_id="s-1"),
    ):
        raise TimeoutError

    assert finished.get_finished_spans()[0].status.status_code is StatusCode.ERROR


def test_what_was_tried_is_on_the_span_of_the_model(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    with chat(tracing, "offline", provider="offline", session_id="s-1") as span:
        record_retry(span, TimeoutError("no answer"), wait=timedelta(seconds=2))
        record_retry(span, ValueError("key=sk-0123456789abcdefghij"), wait=None)

    retried, given_up = finished.get_finished_spans()[0].events
    assert (retried.name, given_up.name) == ("retry", "gen_ai.request.failed")
    assert dict(retried.attributes or {}) == {
        names.ERROR_TYPE: "TimeoutError",
        names.EXCEPTION_MESSAGE: "no answer",
        names.RETRY_DELAY: 2.0,
    }
    assert names.RETRY_DELAY not in (given_up.attributes or {})
    assert "0123456789" not in str(given_up.attributes)


def test_content_is_left_out(tracing: Tracing, finished: InMemorySpanExporter) -> None:
    with execute_tool(tracing, "read_file", call_id="k", session_id="s-1") as span:
        record_content(tracing, span, names.GEN_AI_TOOL_CALL_ARGUMENTS, {"path": "secret.txt"})

    assert "secret.txt" not in str(finished.get_finished_spans()[0].attributes)


def test_content_is_recorded_where_asked_for_up_to_a_length(
    tracing: Tracing, finished: InMemorySpanExporter
) -> None:
    open_tracing = replace(tracing, captures_content=True)

    with execute_tool(open_tracing, "read_file", call_id="k", session_id="s-1") as span:
        record_content(open_tracing, span, names.GEN_AI_TOOL_CALL_ARGUMENTS, {"path": "a.txt"})
        record_content(open_tracing, span, names.GEN_AI_TOOL_CALL_RESULT, "x" * 100_000)

    attributes = finished.get_finished_spans()[0].attributes
    assert attributes is not None
    assert attributes["gen_ai.tool.call.arguments"] == '{"path": "a.txt"}'
    assert attributes["gen_ai.tool.call.result"] == "x" * 32_768
