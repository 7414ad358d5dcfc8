# SPDX-License-Identifier: Apache-2.0
import json
import logging
import warnings
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import TracerProvider

from shared.correlation import EventCorrelation
from shared.logs import bounded, configure_logging

TOUCHED = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "uvicorn.asgi",
    "faststream",
    "faststream.access.kafka",
    "py.warnings",
)

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Generator[StringIO]:
    """Where logs go; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    loggers = [logging.getLogger(name) for name in TOUCHED]
    before = [(each.handlers[:], each.propagate, each.filters[:], each.level) for each in loggers]
    for handler in handlers:
        root.removeHandler(handler)  # so that configuring does not close those of the tests
    yield StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for each, (own, propagate, filters, own_level) in zip(loggers, before, strict=True):
        each.handlers[:], each.propagate, each.filters[:] = own, propagate, filters
        each.setLevel(own_level)


@pytest.fixture
def lines(stream: StringIO) -> Lines:
    configure_logging("audit", stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def _raised(message: str) -> ValueError:
    with pytest.raises(ValueError, match=message) as caught:
        raise ValueError(message)
    return caught.value


def test_a_line_is_an_object_with_time_level_logger_message_and_service(lines: Lines) -> None:
    logging.getLogger("shared.retry").warning("event %s parked", "e-1", extra={"attempt": 3})

    (line,) = lines()
    when = datetime.fromisoformat(line.pop("timestamp"))
    assert when.utcoffset() == UTC.utcoffset(when)
    assert line == {
        "level": "WARNING",
        "logger": "shared.retry",
        "message": "event e-1 parked",
        "service": "audit",
        "attempt": 3,
    }


def test_a_line_belongs_to_a_conversation_and_a_trace(lines: Lines) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    cause = UUID(int=5)

    with (
        EventCorrelation.scope("c-1", causation_id=cause),
        provider.get_tracer("t").start_as_current_span("turn") as span,
    ):
        logging.getLogger("x").info("inside")
    logging.getLogger("x").info("outside")

    inside, outside = lines()
    context = span.get_span_context()
    assert inside["correlation_id"] == "c-1"
    assert inside["causation_id"] == str(cause)
    assert inside["trace_id"] == f"{context.trace_id:032x}"
    assert inside["span_id"] == f"{context.span_id:016x}"
    assert not {"correlation_id", "causation_id", "trace_id", "span_id"} & outside.keys()


def test_an_exception_is_told_once(lines: Lines) -> None:
    logging.getLogger("x").error("it failed", exc_info=_raised("broken"))

    (line,) = lines()
    assert line["message"] == "it failed"
    assert line["exception"].endswith("ValueError: broken")
    assert json.dumps(line).count("Traceback") == 1


def test_secrets_appear_nowhere(lines: Lines) -> None:
    logging.getLogger("x").error(
        "cannot reach %s",
        "redis://:hunter2@cache",
        exc_info=_raised("password=hunter2"),
        extra={
            "url": "postgresql://me:hunter2@db",
            "headers": {"Authorization": "hunter2", "list": ["password=hunter2"]},
            "api_key": "hunter2",
            "object": {"deep": {"er": {"and": {"deeper": "token=hunter2"}}}},
        },
    )

    text = json.dumps(lines())
    assert "hunter2" not in text
    assert "cannot reach redis://:***@cache" in text


def test_a_caller_cannot_replace_the_fields_of_every_line(lines: Lines) -> None:
    extra = {"service": "other", "level": "low", "timestamp": "never", "trace_id": "mine"}

    logging.getLogger("x").error("m", extra=extra)

    (line,) = lines()
    assert line["service"] == "audit"
    assert line["level"] == "ERROR"
    assert line["timestamp"] != "never"


def test_what_json_cannot_say_is_said_as_text(lines: Lines) -> None:
    extra = {"a": UUID(int=1), "b": {1}, "c": b"\xff", "d": float("nan"), "e": None, "f": True}

    logging.getLogger("x").info("m", extra=extra)

    (line,) = lines()
    assert line["a"] == str(UUID(int=1))
    assert line["b"] == [1]
    assert line["c"] == "b'\\xff'"
    assert (line["d"], line["e"], line["f"]) == ("nan", None, True)


def test_a_line_is_bounded(lines: Lines) -> None:
    logging.getLogger("x").info("m" * 1_000_000, extra={"many": ["x"] * 100_000, "s": "y" * 99_999})

    (line,) = lines()
    assert len(json.dumps(line)) < 20_000
    assert "characters left out" in line["message"]


def test_bounded_text_keeps_both_ends() -> None:
    assert bounded("abcdefghij", 4) == "ab … 6 characters left out … ij"
    assert bounded("abcd", 4) == "abcd"


@pytest.mark.parametrize("name", ["uvicorn", "uvicorn.error", "faststream", "anything.else"])
def test_libraries_log_through_the_same_handler_and_once(lines: Lines, name: str) -> None:
    logging.getLogger(name).warning("from a library")

    assert [(line["logger"], line["message"]) for line in lines()] == [(name, "from a library")]


def test_a_logger_that_faststream_sets_up_later_still_logs_json(
    stream: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    from faststream._internal.context.repository import ContextRepo
    from faststream._internal.logger.logging import get_broker_logger

    monkeypatch.setattr("sys.stdout", stream)
    configure_logging("audit")

    get_broker_logger("kafka", {"topic": ""}, 10, "%(message)s", ContextRepo(), logging.INFO)
    logging.getLogger("faststream.access.kafka").info("Received")
    logging.getLogger("faststream.access.kafka").error("failed")

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["failed"]


@pytest.mark.parametrize("name", ["uvicorn.access", "faststream.access.kafka"])
def test_access_logs_are_quiet_unless_debugging(stream: StringIO, name: str) -> None:
    configure_logging("audit", stream=stream)
    logging.getLogger(name).info("GET /healthz")
    assert stream.getvalue() == ""

    configure_logging("audit", "DEBUG", stream=stream)
    logging.getLogger(name).info("GET /healthz")
    assert "GET /healthz" in stream.getvalue()


def test_configuring_twice_does_not_log_twice(stream: StringIO) -> None:
    configure_logging("audit", stream=stream)
    configure_logging("audit", stream=stream)

    logging.getLogger("x").info("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_the_level_is_respected(stream: StringIO) -> None:
    configure_logging("audit", "WARNING", stream=stream)

    logging.getLogger("x").info("too much detail")

    assert stream.getvalue() == ""


def test_warnings_are_logged(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("deprecated", UserWarning, stacklevel=1)

    (line,) = lines()
    assert line["logger"] == "py.warnings"
    assert "deprecated" in line["message"]
