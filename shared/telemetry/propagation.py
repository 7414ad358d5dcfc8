# SPDX-License-Identifier: Apache-2.0
"""The trace context in the headers of a record.

``traceparent`` names the last hop and is replaced by each. ``ce_traceparent`` names the span in
which the event was made; whoever finds it leaves it alone, so it survives outbox, retry topic, dead
letter queue and redrive.
"""

import re
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
CREATION_TRACEPARENT = "ce_traceparent"
CREATION_TRACESTATE = "ce_tracestate"

Headers = Sequence[tuple[str, bytes | None]]

MAX_TRACESTATE = 512
_PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MEMBER = re.compile(
    r"[a-z][a-z0-9_*/-]{0,200}(?:@[a-z][a-z0-9_*/-]{0,13})?=[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}"
)


def extract(headers: Headers) -> Context:
    """Return a context whose span is that of the last hop; an empty one if there is none.

    Never raises, whatever the headers hold. Of several headers of one name the last one counts.
    """
    return as_context(_read(headers, TRACEPARENT, TRACESTATE))


def extract_creation(headers: Headers) -> SpanContext:
    """Return the span in which the event was made; an invalid one if the headers name none."""
    return _read(headers, CREATION_TRACEPARENT, CREATION_TRACESTATE)


def inject(context: Context | None, headers: Headers) -> list[tuple[str, bytes | None]]:
    """Return ``headers`` naming the span in ``context`` (the current one if None) as the last hop.

    Also names it as the creation of the event where the headers name none yet. Headers are
    returned as they are where there is no span.
    """
    span = get_current_span(context).get_span_context()
    if not span.is_valid:
        return list(headers)
    parent = traceparent(span)
    state = span.trace_state.to_header().encode()
    kept = [each for each in headers if each[0] not in {TRACEPARENT, TRACESTATE}]
    kept.append((TRACEPARENT, parent))
    if state:
        kept.append((TRACESTATE, state))
    if not any(name == CREATION_TRACEPARENT for name, _ in headers):
        kept.append((CREATION_TRACEPARENT, parent))
        if state:
            kept.append((CREATION_TRACESTATE, state))
    return kept


def as_context(span: SpanContext) -> Context:
    """Return a context in which ``span``, of another process, is the current one."""
    context = Context()
    return set_span_in_context(NonRecordingSpan(span), context) if span.is_valid else context


def traceparent(span: SpanContext) -> bytes:
    """Return ``span`` as the value of a ``traceparent`` header."""
    flags = f"{span.trace_flags:02x}"
    return f"00-{format_trace_id(span.trace_id)}-{format_span_id(span.span_id)}-{flags}".encode()


def _read(headers: Headers, parent_name: str, state_name: str) -> SpanContext:
    parent: bytes | None = None
    state: bytes | None = None
    for name, value in headers:
        if name == parent_name:
            parent = value
        elif name == state_name:
            state = value
    match = _PARENT.fullmatch(parent.strip()) if parent else None
    if match is None or match[1] == b"ff" or (match[1] == b"00" and match[5]):
        return INVALID_SPAN_CONTEXT
    return SpanContext(
        trace_id=int(match[2], 16),
        span_id=int(match[3], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(match[4], 16)),
        trace_state=_state(state),
    )


def _state(value: bytes | None) -> TraceState | None:
    if not value or len(value) > MAX_TRACESTATE:
        return None
    members = [part.strip() for part in value.decode("ascii", "replace").split(",")]
    pairs = [part.partition("=") for part in members if _MEMBER.fullmatch(part)]
    return TraceState(list({key: each for key, _, each in pairs}.items())[:32])
