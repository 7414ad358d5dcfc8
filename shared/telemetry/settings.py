# SPDX-License-Identifier: Apache-2.0
"""Where a process sends its traces and metrics.

Beside ``TRACES_FILE`` these are the standard variables of OpenTelemetry. Only those that decide
whether something is exported at all are read here; timeouts, headers, certificates, sampling,
queue sizes and resource attributes are read by the SDK itself, under their standard names.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Protocol = Literal["http/protobuf", "grpc"]


class TelemetrySettings(BaseSettings):
    """Nothing is exported unless an endpoint or a file is named."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    traces_file: Path | None = Field(
        default=None, description="append every span to this file, one JSON object per line"
    )
    otel_sdk_disabled: bool = Field(default=False, description="no traces and no metrics at all")
    otel_exporter_otlp_endpoint: str | None = Field(
        default=None, description="a collector, such as http://127.0.0.1:4318; turns export on"
    )
    otel_exporter_otlp_traces_endpoint: str | None = Field(
        default=None, description="a collector for traces only, with its full path"
    )
    otel_exporter_otlp_metrics_endpoint: str | None = Field(
        default=None, description="a collector for metrics only, with its full path"
    )
    otel_exporter_otlp_protocol: Protocol = "http/protobuf"
    otel_exporter_otlp_traces_protocol: Protocol | None = None
    otel_exporter_otlp_metrics_protocol: Protocol | None = None
    otel_traces_exporter: str = Field(
        default="otlp", description="none: no traces to the collector"
    )
    otel_metrics_exporter: str = Field(
        default="otlp", description="none: no metrics to the collector"
    )
    otel_instrumentation_genai_capture_message_content: str = Field(
        default="false", description="true: put prompts, answers, arguments and results on spans"
    )

    @property
    def traces_protocol(self) -> Protocol:
        """How traces travel."""
        return self.otel_exporter_otlp_traces_protocol or self.otel_exporter_otlp_protocol

    @property
    def metrics_protocol(self) -> Protocol:
        """How metrics travel."""
        return self.otel_exporter_otlp_metrics_protocol or self.otel_exporter_otlp_protocol

    @property
    def traces_endpoint(self) -> str | None:
        """Where traces go; None if they go to no collector."""
        if _is_none(self.otel_traces_exporter):
            return None
        return self.otel_exporter_otlp_traces_endpoint or _signal_endpoint(
            self.otel_exporter_otlp_endpoint, self.traces_protocol, "traces"
        )

    @property
    def metrics_endpoint(self) -> str | None:
        """Where metrics go; None if they are only served, on ``/metrics``."""
        if _is_none(self.otel_metrics_exporter):
            return None
        return self.otel_exporter_otlp_metrics_endpoint or _signal_endpoint(
            self.otel_exporter_otlp_endpoint, self.metrics_protocol, "metrics"
        )

    @property
    def captures_content(self) -> bool:
        """Whether prompts and results may be put on spans."""
        wanted = self.otel_instrumentation_genai_capture_message_content.strip().lower()
        return wanted in {"true", "span_only", "span_and_event"}


def _is_none(exporters: str) -> bool:
    return exporters.strip().lower() == "none"


def _signal_endpoint(base: str | None, protocol: Protocol, signal: str) -> str | None:
    if base is None or protocol == "grpc":
        return base
    return f"{base.removesuffix('/')}/v1/{signal}"
