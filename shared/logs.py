# SPDX-License-Identifier: Apache-2.0
"""Logs as one JSON object per line, with the conversation and the trace they belong to."""

import logging
import math
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO, TypeGuard

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from shared.correlation import EventCorrelation
from shared.scrubbing import MASK, is_secret_name, scrub

MAX_TEXT = 8192
MAX_ITEMS = 50
MAX_DEPTH = 4

_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_OWN_HANDLERS_AGAIN = ("faststream", "faststream.access.kafka")  # set up anew by every broker
_ACCESS = ("uvicorn.access", "faststream.access.kafka")

_TALKATIVE = ("aiokafka", "httpx", "alembic")
_COLOURED = "color_message"
"""The same message again, which uvicorn adds for terminals."""


def configure_logging(service: str, level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Send every log line of this process, of libraries too, to ``stream`` as JSON.

    Lines that tell of one request or one record are left out unless ``level`` is DEBUG. Calling it
    again replaces what was set up before. The default stream is standard output.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(_Formatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _OWN_HANDLERS:
        _let_through(logging.getLogger(name), [], propagate=True)
    for name in _OWN_HANDLERS_AGAIN:
        _let_through(logging.getLogger(name), [handler], propagate=False)
    for name in _ACCESS:
        _quieten(logging.getLogger(name), quiet=level != "DEBUG")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(level if level == "DEBUG" else logging.WARNING)


class _Formatter(JsonFormatter):
    """Writes the fields that every line has, then what the caller added."""

    def __init__(self, service: str) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] -- partly untyped
            rename_fields={"exc_info": "exception", "stack_info": "stack"}
        )
        self._service = service

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Fill ``log_data``; a field of ours is never replaced by one of the caller."""
        added: dict[str, Any] = {}
        super().add_fields(added, record, message_dict)
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.message
        log_data["service"] = self._service
        log_data.update(_correlation(), **_trace())
        added.pop(_COLOURED, None)
        for key, value in added.items():
            log_data.setdefault(key, value)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Return ``log_data`` without secrets and of bounded size."""
        return {key: _presentable(key, value) for key, value in log_data.items()}


class _WarningsOnly(logging.Filter):
    """Drops what a library says about each request or record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is worth writing."""
        return record.levelno >= logging.WARNING


def _let_through(
    logger: logging.Logger, handlers: list[logging.Handler], *, propagate: bool
) -> None:
    logger.handlers = handlers
    logger.propagate = propagate


def _quieten(logger: logging.Logger, *, quiet: bool) -> None:
    for present in [each for each in logger.filters if isinstance(each, _WarningsOnly)]:
        logger.removeFilter(present)
    if quiet:
        logger.addFilter(_WarningsOnly())


def _correlation() -> dict[str, str]:
    fields: dict[str, str] = {}
    if (correlation_id := EventCorrelation.get_correlation_id()) is not None:
        fields["correlation_id"] = correlation_id
    if (causation_id := EventCorrelation.get_causation_id()) is not None:
        fields["causation_id"] = str(causation_id)
    return fields


def _trace() -> dict[str, str]:
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }


def _presentable(key: str, value: object, depth: int = 0) -> object:
    if is_secret_name(key):
        return MASK
    if (
        value is None
        or isinstance(value, int)
        or (isinstance(value, float) and math.isfinite(value))
    ):
        return value
    if _is_mapping(value) and depth < MAX_DEPTH:
        items = list(value.items())[:MAX_ITEMS]
        return {str(name): _presentable(str(name), each, depth + 1) for name, each in items}
    if _is_list(value) and depth < MAX_DEPTH:
        return [_presentable("", each, depth + 1) for each in list(value)[:MAX_ITEMS]]
    return bounded(scrub(bounded(str(value), 2 * MAX_TEXT)))


def _is_mapping(value: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Collection[object]]:
    return isinstance(value, (list, tuple, set, frozenset))


def bounded(text: str, limit: int = MAX_TEXT) -> str:
    """Return ``text``, with its middle left out where it is longer than ``limit``.

    Both ends are kept: a message begins with what matters, a stack trace ends with it.
    """
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"
