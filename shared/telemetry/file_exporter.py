# SPDX-License-Identifier: Apache-2.0
"""Writes spans to a file, one JSON object per line."""

import json
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, SpanContext, format_span_id, format_trace_id

from shared.errors import ConfigurationError
from shared.telemetry import attributes as names

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FileSpanExporter(SpanExporter):
    """Appends every batch in one write, so that several processes can share a file.

    Raises:
        ConfigurationError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError(f"TRACES_FILE cannot be written: {error}") from error
        self._failing = False
        self._closed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append ``spans``; a full disk costs spans and one warning, nothing else."""
        if self._closed:
            return SpanExportResult.FAILURE
        try:
            _write(self._file, b"".join(_line(span) for span in spans))
        except OSError as error:
            if not self._failing:
                logger.warning("spans are lost: %s: %s", self._path, error)
            self._failing = True
            return SpanExportResult.FAILURE
        self._failing = False
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file."""
        if not self._closed:
            self._closed = True
            os.close(self._file)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Return at once: what was exported is in the file."""
        return True


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _line(span: ReadableSpan) -> bytes:
    return json.dumps(_as_json(span), default=_plain, separators=(",", ":")).encode() + b"\n"


def _as_json(span: ReadableSpan) -> dict[str, object]:
    context = span.context
    status = {"code": span.status.status_code.name, "description": span.status.description}
    return {
        **(_ids(context) if context is not None else {}),
        "parent_span_id": format_span_id(span.parent.span_id) if span.parent else None,
        "name": span.name,
        "kind": span.kind.name,
        "start": _time(span.start_time),
        "end": _time(span.end_time),
        "service": span.resource.attributes.get(names.SERVICE_NAME),
        "attributes": dict(span.attributes or {}),
        "events": [
            {
                "name": event.name,
                "time": _time(event.timestamp),
                "attributes": dict(event.attributes or {}),
            }
            for event in span.events
        ],
        "links": [_link(link) for link in span.links],
        "status": status,
    }


def _ids(context: SpanContext) -> dict[str, object]:
    return {
        "trace_id": format_trace_id(context.trace_id),
        "span_id": format_span_id(context.span_id),
    }


def _link(link: Link) -> dict[str, object]:
    return {**_ids(link.context), "attributes": dict(link.attributes or {})}


def _time(nanoseconds: int | None) -> str | None:
    if nanoseconds is None:
        return None
    return (_EPOCH + timedelta(microseconds=nanoseconds // 1000)).isoformat()


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else str(value)
