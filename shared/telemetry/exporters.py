# SPDX-License-Identifier: Apache-2.0
"""The OTLP exporters that the settings ask for.

Imported when wanted: gRPC alone costs a process more memory than everything else here.
"""

from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.trace.export import SpanExporter

from shared.telemetry.settings import Protocol


def span_exporter(endpoint: str, protocol: Protocol) -> SpanExporter:
    """Return an exporter of spans; everything but its address comes from ``OTEL_*``."""
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc

        return Grpc(endpoint=endpoint)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http

    return Http(endpoint=endpoint)


def metric_exporter(endpoint: str, protocol: Protocol) -> MetricExporter:
    """Return an exporter of metrics; everything but its address comes from ``OTEL_*``."""
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
            OTLPMetricExporter as Grpc,
        )

        return Grpc(endpoint=endpoint)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as Http

    return Http(endpoint=endpoint)
