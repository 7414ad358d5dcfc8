# SPDX-License-Identifier: Apache-2.0
"""Starts spans, or does next to nothing where nobody wants them."""

import traceback
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span as SdkSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NoOpTracer,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    use_span,
)
from opentelemetry.util.types import AttributeValue

from shared.correlation import EventCorrelation
from shared.scrubbing import scrub
from shared.telemetry import attributes as names

SCOPE = "agent_runtime"
MAX_STACK = 8192
MAX_MESSAGE = 1024

Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """The tracer of a process.

    ``enabled`` is False where spans go nowhere; code that runs for every record asks it first.
    """

    enabled: bool
    tracer: Tracer
    provider: TracerProvider | None = None
    captures_content: bool = False

    @classmethod
    def off(cls) -> "Tracing":
        """Return tracing that records nothing."""
        return cls(enabled=False, tracer=NoOpTracer())

    @classmethod
    def to(cls, provider: TracerProvider, *, captures_content: bool = False) -> "Tracing":
        """Return tracing that records to ``provider``."""
        return cls(
            enabled=True,
            tracer=provider.get_tracer(SCOPE),
            provider=provider,
            captures_content=captures_content,
        )

    def start(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Context | None = None,
        links: Sequence[Link] = (),
        start_time: int | None = None,
    ) -> Span:
        """Start a span that the caller ends, without making it the current one.

        Its parent is the span in ``parent``, or the current one where that is None.
        """
        if not self.enabled:
            return INVALID_SPAN
        return self.tracer.start_span(
            name, context=parent, kind=kind, links=links, start_time=start_time
        )

    @contextmanager
    def span(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
        parent: Context | None = None,
        links: Sequence[Link] = (),
    ) -> Generator[Span]:
        """Work in a span; what is raised is recorded on it and raised on."""
        if not self.enabled:
            yield INVALID_SPAN
            return
        span = self.start(name, kind=kind, parent=parent, links=links)
        span.set_attributes(dict(attributes or {}))
        with current(span):
            yield span

    @contextmanager
    def child_span(
        self, name: str, *, kind: SpanKind = SpanKind.CLIENT, attributes: Attributes | None = None
    ) -> Generator[Span]:
        """Work in a span if this is already part of a trace; a poller makes none of its own."""
        if not self.enabled or not get_current_span().is_recording():
            yield INVALID_SPAN
            return
        with self.span(name, kind=kind, attributes=attributes) as span:
            yield span


@contextmanager
def current(span: Span) -> Generator[Span]:
    """Make ``span`` the current one, record what is raised, and end it."""
    try:
        with use_span(span, record_exception=False, set_status_on_exception=False):
            yield span
    except Exception as error:
        record_error(span, error)
        raise
    finally:
        span.end()


def record_error(span: Span, error: BaseException) -> None:
    """Mark ``span`` as failed with ``error``; secrets in its text are masked."""
    if not span.is_recording():
        return
    kind = error_type(error)
    message = scrub(str(error))[:MAX_MESSAGE]
    stack = scrub("".join(traceback.format_exception(error)))[-MAX_STACK:]
    span.set_attribute(names.ERROR_TYPE, kind)
    span.set_status(StatusCode.ERROR, message)
    span.add_event(
        "exception",
        {
            names.EXCEPTION_TYPE: kind,
            names.EXCEPTION_MESSAGE: message,
            names.EXCEPTION_STACKTRACE: stack,
        },
    )


def error_type(error: BaseException) -> str:
    """Return the name under which errors of this class are counted."""
    kind = type(error)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def note_correlation(correlation_id: str) -> None:
    """Put ``correlation_id`` on the current span, which began before it was known."""
    get_current_span().set_attribute(names.CORRELATION_ID, correlation_id)


class CorrelationProcessor(SpanProcessor):
    """Puts the current correlation and causation ids on every span that starts."""

    def on_start(self, span: SdkSpan, parent_context: Context | None = None) -> None:
        """Read the ids of the work that starts ``span``."""
        if (correlation_id := EventCorrelation.get_correlation_id()) is not None:
            span.set_attribute(names.CORRELATION_ID, correlation_id)
        if (causation_id := EventCorrelation.get_causation_id()) is not None:
            span.set_attribute(names.CAUSATION_ID, str(causation_id))
