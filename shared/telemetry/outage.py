# SPDX-License-Identifier: Apache-2.0
"""Says once that a collector does not answer, instead of every few seconds."""

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from threading import Lock

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

logger = logging.getLogger(__name__)

_NOISY = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.sdk.metrics._internal.export",
)


class Outage(logging.Filter):
    """Stands between the exporters and the log.

    The first complaint of an outage passes, as a warning; the others do not, until a batch of
    every signal has got through again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._complaints = 0
        self._down = False
        self._failing: set[str] = set()
        self._lock = Lock()

    def watch(self) -> None:
        """Begin to filter what exporters log."""
        for name in _NOISY:
            logging.getLogger(name).addFilter(self)

    def unwatch(self) -> None:
        """Let exporters log as they like."""
        for name in _NOISY:
            logging.getLogger(name).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether ``record`` is the first complaint of an outage."""
        if record.levelno < logging.WARNING:
            return True
        with self._lock:
            self._complaints += 1
            first, self._down = not self._down, True
        record.msg = f"telemetry is not exported, the service goes on without: {record.msg}"
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return first

    @contextmanager
    def attempt(self, signal: str) -> Generator[None]:
        """Try to export ``signal``; it has failed if there was a complaint meanwhile."""
        before = self._complaints
        yield
        self.finished(signal, succeeded=self._complaints == before)

    def finished(self, signal: str, *, succeeded: bool) -> None:
        """Note whether a batch of ``signal`` got through."""
        with self._lock:
            (self._failing.discard if succeeded else self._failing.add)(signal)
            recovered = self._down and succeeded and not self._failing
            if recovered:
                self._down = False
        if recovered:
            logger.info("telemetry is exported again")


class WatchedSpanExporter(SpanExporter):
    """Tells an outage how each batch went, and lets itself be shut down more than once."""

    def __init__(self, exporter: SpanExporter, outage: Outage) -> None:
        self._exporter = exporter
        self._outage = outage
        self._closed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export ``spans``."""
        result = self._exporter.export(spans)
        self._outage.finished("traces", succeeded=result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        """Stop at once, also in the middle of waiting for another try."""
        if not self._closed:
            self._closed = True
            self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush what the exporter itself holds."""
        return self._exporter.force_flush(timeout_millis)
