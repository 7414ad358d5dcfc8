# SPDX-License-Identifier: Apache-2.0
import logging
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

import pytest

from shared.telemetry import Telemetry
from shared.telemetry.outage import Outage
from tests.support.otlp_receiver import OtlpReceiver

Configure = Callable[..., Telemetry]


@pytest.fixture
def outage() -> Outage:
    return Outage()


def _complaint(message: str, level: int = logging.ERROR) -> logging.LogRecord:
    return logging.LogRecord("exporter", level, __file__, 1, message, None, None)


def test_the_first_complaint_of_an_outage_passes_as_a_warning(outage: Outage) -> None:
    first, second = _complaint("connection refused"), _complaint("connection refused")

    assert outage.filter(first)
    assert not outage.filter(second)
    assert first.levelno == logging.WARNING
    assert first.getMessage() == (
        "telemetry is not exported, the service goes on without: connection refused"
    )


def test_what_is_no_complaint_passes(outage: Outage) -> None:
    assert outage.filter(_complaint("exported", logging.DEBUG))
    assert outage.filter(_complaint("exported", logging.DEBUG))


def test_an_outage_ends_when_a_batch_gets_through(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    outage.filter(_complaint("refused"))
    outage.finished("traces", succeeded=False)

    outage.finished("traces", succeeded=True)

    assert caplog.messages == ["telemetry is exported again"]
    assert outage.filter(_complaint("refused again"))


def test_an_outage_of_traces_does_not_end_with_metrics(outage: Outage) -> None:
    outage.filter(_complaint("refused"))
    outage.finished("traces", succeeded=False)

    outage.finished("metrics", succeeded=True)

    assert not outage.filter(_complaint("refused again"))


def test_an_attempt_with_a_complaint_has_failed(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    with outage.attempt("metrics"):
        outage.filter(_complaint("refused"))
    assert caplog.messages == []

    with outage.attempt("metrics"):
        pass

    assert caplog.messages == ["telemetry is exported again"]


def test_a_failing_collector_is_one_line_in_the_log(
    configure: Configure, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = HTTPStatus.BAD_REQUEST
    environment = receiver.environment() | {
        "OTEL_BSP_SCHEDULE_DELAY": "20",
        "OTEL_METRIC_EXPORT_INTERVAL": "20",
    }
    telemetry = configure("audit", **environment)
    for number in range(4):
        with telemetry.tracing.span("refused"):
            pass
        receiver.wait_until_refused(3 * (number + 1))

    telemetry.shutdown(timedelta(seconds=5))

    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(complaints) == 1
    assert "the service goes on without" in complaints[0].getMessage()


def test_spans_arrive_again_after_an_outage(
    configure: Configure, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = HTTPStatus.BAD_REQUEST
    telemetry = configure("audit", OTEL_METRICS_EXPORTER="none", **receiver.environment())
    with telemetry.tracing.span("refused"):
        pass
    receiver.wait_until_refused(1)

    receiver.answer = HTTPStatus.OK
    with telemetry.tracing.span("taken"):
        pass

    assert [span.name for span in receiver.wait_for(bool)] == ["taken"]
    telemetry.shutdown()
    assert caplog.messages[-1] == "telemetry is exported again"
