# SPDX-License-Identifier: Apache-2.0
"""The readers that collect metrics: for ``/metrics``, and for a collector."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricsData,
    PeriodicExportingMetricReader,
    ScopeMetrics,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client import CollectorRegistry

from shared.telemetry.histogram import Histogram
from shared.telemetry.outage import Outage
from shared.telemetry.tracing import SCOPE


class PrometheusReader(PrometheusMetricReader):
    """Renders metrics into a registry of its own, under exactly the names of the table."""

    def __init__(self, registry: CollectorRegistry, histograms: Sequence[Histogram]) -> None:
        self._histograms = histograms
        super().__init__(scope_info_enabled=False, registry=registry)

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> None:
        complete = with_histograms(metrics_data, self._histograms)
        super()._receive_metrics(  # pyright: ignore[reportUnknownMemberType] -- untyped kwargs
            complete, timeout_millis, **kwargs
        )


class CollectorReader(PeriodicExportingMetricReader):
    """Sends metrics to a collector every ``OTEL_METRIC_EXPORT_INTERVAL`` milliseconds."""

    def __init__(
        self, exporter: MetricExporter, histograms: Sequence[Histogram], outage: Outage
    ) -> None:
        self._histograms = histograms
        self._outage = outage
        super().__init__(exporter)

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> None:
        complete = with_histograms(metrics_data, self._histograms)
        with self._outage.attempt("metrics"):
            super()._receive_metrics(  # pyright: ignore[reportUnknownMemberType] -- untyped kwargs
                complete, timeout_millis, **kwargs
            )


def with_histograms(data: MetricsData, histograms: Sequence[Histogram]) -> MetricsData:
    """Return ``data`` with what ``histograms`` hold, from the same resource."""
    metrics = [metric for each in histograms if (metric := each.collect()) is not None]
    if not metrics or not data.resource_metrics:
        return data
    first, *rest = data.resource_metrics
    ours = [each for each in first.scope_metrics if each.scope.name == SCOPE]
    others = [each for each in first.scope_metrics if each.scope.name != SCOPE]
    scope = ours[0].scope if ours else InstrumentationScope(SCOPE)
    metrics += [metric for each in ours for metric in each.metrics]
    merged = ScopeMetrics(scope, metrics, "")  # exporters keep one entry per scope
    return MetricsData([replace(first, scope_metrics=[*others, merged]), *rest])
