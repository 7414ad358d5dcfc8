# SPDX-License-Identifier: Apache-2.0
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Thread, enumerate as all_threads

import pytest
from opentelemetry import metrics, trace
from prometheus_client.core import GaugeMetricFamily

from shared.errors import ConfigurationError
from shared.telemetry import Telemetry
from tests.support.otlp_receiver import OtlpReceiver, Protocol

Configure = Callable[..., Telemetry]

DEADLINE = 8.0  # an exporter left to itself tries for 10 seconds


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_spans_reach_a_collector(
    configure: Configure, receiver: OtlpReceiver, protocol: Protocol
) -> None:
    telemetry = configure("audit", **receiver.environment(protocol))

    with telemetry.tracing.span("outer"), telemetry.tracing.span("inner", attributes={"a": 1}):
        pass

    inner, outer = sorted(receiver.wait_for(lambda spans: len(spans) == 2), key=lambda s: s.name)
    assert (inner.name, inner.attributes) == ("inner", {"a": 1})
    assert inner.parent_span_id == outer.span_id
    assert inner.trace_id == outer.trace_id
    assert inner.service == "agent-runtime-audit"


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_metrics_reach_a_collector(
    configure: Configure, receiver: OtlpReceiver, protocol: Protocol
) -> None:
    telemetry = configure("audit", **receiver.environment(protocol))
    telemetry.instruments.dlq_messages.add(2, {"group": "g", "error_kind": "poison"})
    telemetry.instruments.event_delivery.record_many([0.004, 0.3], {"topic": "t", "group": "g"})

    points = receiver.wait_for_points(
        lambda points: (
            {"agent_runtime_dlq_messages", "agent_runtime_event_delivery_seconds"}
            <= {point.name for point in points}
        )
    )

    counter = next(point for point in points if point.name == "agent_runtime_dlq_messages")
    assert (counter.value, counter.attributes) == (2, {"group": "g", "error_kind": "poison"})
    delivery = next(p for p in points if p.name == "agent_runtime_event_delivery_seconds")
    assert (delivery.value, delivery.unit, sum(delivery.buckets)) == (2, "s", 2)
    assert delivery.service == "agent-runtime-audit"


def test_shutdown_sends_what_was_not_sent_yet(configure: Configure, receiver: OtlpReceiver) -> None:
    environment = receiver.environment() | {
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
        "OTEL_METRIC_EXPORT_INTERVAL": "600000",
    }
    telemetry = configure("audit", **environment)
    with telemetry.tracing.span("last"):
        telemetry.instruments.commit_failures.add(1, {"group": "g"})

    telemetry.shutdown()

    assert [span.name for span in receiver.spans()] == ["last"]
    assert "agent_runtime_commit_failures" in {point.name for point in receiver.points()}


def test_without_an_endpoint_there_is_no_provider_and_no_thread(configure: Configure) -> None:
    before = set(all_threads())

    telemetry = configure()

    assert not telemetry.tracing_enabled
    assert telemetry.tracing.provider is None
    assert set(all_threads()) <= before


def test_a_disabled_sdk_makes_neither_spans_nor_metrics(
    configure: Configure, receiver: OtlpReceiver, tmp_path: Path
) -> None:
    telemetry = configure(
        OTEL_SDK_DISABLED="true",
        TRACES_FILE=str(tmp_path / "traces.jsonl"),
        **receiver.environment(),
    )
    with telemetry.tracing.span("never"):
        telemetry.instruments.commit_failures.add(1, {"group": "g"})
    telemetry.shutdown()

    assert not telemetry.tracing_enabled
    assert receiver.spans() == []
    assert b"agent_runtime_commit_failures" not in telemetry.metrics_text()[0]
    assert not (tmp_path / "traces.jsonl").exists()


def test_nothing_is_global(configure: Configure, receiver: OtlpReceiver) -> None:
    before = trace.get_tracer_provider(), metrics.get_meter_provider()

    one = configure("audit", **receiver.environment())
    other = configure("metrics")
    one.instruments.commit_failures.add(1, {"group": "g"})

    assert (trace.get_tracer_provider(), metrics.get_meter_provider()) == before
    assert other.instruments.commit_failures.total({"group": "g"}) == 0
    assert b"agent_runtime_commit_failures_total{" not in other.metrics_text()[0]


def test_a_collector_that_refuses_does_not_hold_up_shutdown(configure: Configure) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        telemetry = configure(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{nobody.getsockname()[1]}"
        )
        with telemetry.tracing.span("lost"):
            pass

        assert _shuts_down(telemetry)


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_collector_that_never_answers_does_not_hold_up_shutdown(
    configure: Configure, protocol: Protocol
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        telemetry = configure(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}",
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
        )
        with telemetry.tracing.span("lost"):
            pass

        assert _shuts_down(telemetry)


def _shuts_down(telemetry: Telemetry) -> bool:
    thread = Thread(target=telemetry.shutdown, args=(timedelta(seconds=0.5),), daemon=True)
    thread.start()
    thread.join(DEADLINE)
    return not thread.is_alive()


def test_shutting_down_twice_is_harmless(configure: Configure, receiver: OtlpReceiver) -> None:
    telemetry = configure("audit", **receiver.environment())

    telemetry.shutdown()
    telemetry.shutdown()


def test_a_file_that_cannot_be_written_is_a_configuration_error(
    configure: Configure, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="TRACES_FILE"):
        configure(TRACES_FILE=str(tmp_path / "absent" / "traces.jsonl"))


def test_another_collector_is_rendered_beside_ours(configure: Configure) -> None:
    class Switches:
        def collect(self) -> list[GaugeMetricFamily]:
            return [GaugeMetricFamily("agent_runtime_metrics_switches", "Switches.", value=3)]

    telemetry = configure()

    telemetry.register(Switches())

    text, content_type = telemetry.metrics_text()
    assert b"agent_runtime_metrics_switches 3.0" in text
    assert b'agent_runtime_build_info{service="audit"' in text
    assert content_type.startswith("text/plain")


def test_a_scraper_that_prefers_openmetrics_gets_it(configure: Configure) -> None:
    text, content_type = configure().metrics_text("application/openmetrics-text;version=1.0.0")

    assert text.endswith(b"# EOF\n")
    assert content_type.startswith("application/openmetrics-text")
