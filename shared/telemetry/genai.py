# SPDX-License-Identifier: Apache-2.0
"""Spans of agents, models and tools, as the generative AI conventions want them.

What was said is left out: prompts, answers, arguments and results are recorded only where
``OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`` asks for it.
"""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from opentelemetry.trace import Span, SpanKind
from opentelemetry.util.types import AttributeValue

from shared.scrubbing import scrub
from shared.telemetry import attributes as names
from shared.telemetry.tracing import MAX_MESSAGE, Tracing, error_type

MAX_CONTENT = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """What a model call consumed, in tokens."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_creation_tokens: int = 0
    reasoning_tokens: int = 0


def invoke_agent(
    tracing: Tracing, agent: str, *, session_id: str, model: str | None = None
) -> AbstractContextManager[Span]:
    """Work in ``invoke_agent {agent}``."""
    return tracing.span(
        f"invoke_agent {agent}",
        attributes=_present(
            {
                names.GEN_AI_OPERATION_NAME: "invoke_agent",
                names.GEN_AI_AGENT_NAME: agent,
                names.GEN_AI_CONVERSATION_ID: session_id,
                names.GEN_AI_REQUEST_MODEL: model,
            }
        ),
    )


def chat(
    tracing: Tracing,
    model: str,
    *,
    provider: str,
    session_id: str,
    agent: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
) -> AbstractContextManager[Span]:
    """Work in ``chat {model}``: one request to a model."""
    return tracing.span(
        f"chat {model}",
        kind=SpanKind.CLIENT,
        attributes=_present(
            {
                names.GEN_AI_OPERATION_NAME: "chat",
                names.GEN_AI_PROVIDER_NAME: provider,
                names.GEN_AI_AGENT_NAME: agent,
                names.GEN_AI_CONVERSATION_ID: session_id,
                names.GEN_AI_REQUEST_MODEL: model,
                names.GEN_AI_REQUEST_TEMPERATURE: temperature,
                names.GEN_AI_REQUEST_MAX_TOKENS: max_tokens,
                names.GEN_AI_REQUEST_SEED: seed,
            }
        ),
    )


def execute_tool(
    tracing: Tracing,
    tool: str,
    *,
    call_id: str,
    session_id: str,
    agent: str | None = None,
    tool_type: str = "function",
    effect_id: str | None = None,
) -> AbstractContextManager[Span]:
    """Work in ``execute_tool {tool}``."""
    return tracing.span(
        f"execute_tool {tool}",
        attributes=_present(
            {
                names.GEN_AI_OPERATION_NAME: "execute_tool",
                names.GEN_AI_TOOL_NAME: tool,
                names.GEN_AI_TOOL_TYPE: tool_type,
                names.GEN_AI_TOOL_CALL_ID: call_id,
                names.GEN_AI_AGENT_NAME: agent,
                names.GEN_AI_CONVERSATION_ID: session_id,
                names.EFFECT_ID: effect_id,
            }
        ),
    )


def record_response(
    span: Span,
    *,
    usage: TokenUsage,
    model: str | None = None,
    response_id: str | None = None,
    finish_reasons: tuple[str, ...] = (),
    cost_usd: float | None = None,
) -> None:
    """Put on a ``chat`` or ``invoke_agent`` span what came back, and what it cost."""
    if not span.is_recording():
        return
    span.set_attributes(
        _present(
            {
                names.GEN_AI_USAGE_INPUT_TOKENS: usage.input_tokens,
                names.GEN_AI_USAGE_OUTPUT_TOKENS: usage.output_tokens,
                names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: usage.cache_read_tokens or None,
                names.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS: usage.cache_creation_tokens or None,
                names.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: usage.reasoning_tokens or None,
                names.GEN_AI_RESPONSE_MODEL: model,
                names.GEN_AI_RESPONSE_ID: response_id,
                names.GEN_AI_RESPONSE_FINISH_REASONS: finish_reasons or None,
                names.COST_USD: cost_usd,
            }
        )
    )


def record_retry(span: Span, error: Exception, *, wait: timedelta | None) -> None:
    """Note on a ``chat`` span that one request brought no answer, and what was done about it."""
    if not span.is_recording():
        return
    attributes: dict[str, AttributeValue | None] = {
        names.ERROR_TYPE: error_type(error),
        names.EXCEPTION_MESSAGE: scrub(str(error))[:MAX_MESSAGE],
        names.RETRY_DELAY: None if wait is None else wait.total_seconds(),
    }
    span.add_event("gen_ai.request.failed" if wait is None else "retry", _present(attributes))


def record_content(tracing: Tracing, span: Span, attribute: str, content: object) -> None:
    """Put ``content`` on ``span`` as JSON of bounded length, if content is recorded at all.

    ``attribute`` is one of the content names in ``shared.telemetry.attributes``.
    """
    if not tracing.captures_content or not span.is_recording():
        return
    text = content if isinstance(content, str) else json.dumps(content, default=str)
    span.set_attribute(attribute, text[:MAX_CONTENT])


def _present(attributes: dict[str, AttributeValue | None]) -> dict[str, AttributeValue]:
    return {name: value for name, value in attributes.items() if value is not None}
