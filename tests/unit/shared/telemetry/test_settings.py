# SPDX-License-Identifier: Apache-2.0
import pytest
from pydantic import ValidationError

from shared.telemetry import TelemetrySettings


def test_nothing_is_exported_by_default() -> None:
    settings = TelemetrySettings()

    assert settings.traces_endpoint is None
    assert settings.metrics_endpoint is None
    assert settings.traces_file is None
    assert not settings.captures_content


def test_http_endpoints_are_the_base_with_the_path_of_the_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/")

    settings = TelemetrySettings()

    assert settings.traces_endpoint == "http://collector:4318/v1/traces"
    assert settings.metrics_endpoint == "http://collector:4318/v1/metrics"


def test_grpc_endpoints_are_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")

    settings = TelemetrySettings()

    assert settings.traces_endpoint == "http://collector:4317"
    assert settings.metrics_endpoint == "http://collector:4317"


def test_what_is_said_for_one_signal_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://jaeger:4318/v1/traces")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")

    settings = TelemetrySettings()

    assert settings.traces_endpoint == "http://jaeger:4318/v1/traces"
    assert settings.traces_protocol == "http/protobuf"
    assert settings.metrics_endpoint == "http://collector:4317"


@pytest.mark.parametrize("signal", ["traces", "metrics"])
def test_a_signal_can_be_left_out(monkeypatch: pytest.MonkeyPatch, signal: str) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setenv(f"OTEL_{signal.upper()}_EXPORTER", "none")

    settings = TelemetrySettings()

    assert (settings.traces_endpoint is None) == (signal == "traces")
    assert (settings.metrics_endpoint is None) == (signal == "metrics")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "")
    monkeypatch.setenv("TRACES_FILE", "")

    settings = TelemetrySettings()

    assert settings.traces_endpoint is None
    assert settings.traces_file is None
    assert not settings.otel_sdk_disabled


def test_a_protocol_we_do_not_speak_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")

    with pytest.raises(ValidationError, match="otel_exporter_otlp_protocol"):
        TelemetrySettings()


@pytest.mark.parametrize(
    ("value", "captures"), [("true", True), ("SPAN_ONLY", True), ("false", False), ("no", False)]
)
def test_content_is_captured_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, value: str, captures: bool
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)

    assert TelemetrySettings().captures_content == captures
