# SPDX-License-Identifier: Apache-2.0
"""Collects the metrics of a process, for ``/metrics`` and for a collector."""

from datetime import timedelta
from threading import Lock
from typing import Final, TypeVar

from opentelemetry.metrics import MeterProvider as AnyMeterProvider, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from shared.telemetry.exporters import metric_exporter
from shared.telemetry.histogram import Histogram, OnNegative
from shared.telemetry.instrument_table import InstrumentTable
from shared.telemetry.instruments import Instruments
from shared.telemetry.outage import Outage
from shared.telemetry.readers import CollectorReader, PrometheusReader
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.tracing import SCOPE

Table = TypeVar("Table", bound=InstrumentTable)

_HTTP_LABELS: Final = {
    "http.server.request.duration": {
        "http.request.method",
        "http.route",
        "http.response.status_code",
    },
    "http.server.active_requests": {"http.request.method"},
}


class Metering:
    """The instruments of a process, and the readers that collect them."""

    def __init__(self, resource: Resource, settings: TelemetrySettings, outage: Outage) -> None:
        self._histograms: list[Histogram] = []
        self._rendering = Lock()
        self.registry = CollectorRegistry()
        self._sdk = None if settings.otel_sdk_disabled else self._start(resource, settings, outage)
        self.provider: AnyMeterProvider = self._sdk or NoOpMeterProvider()
        self.instruments = Instruments(self.provider.get_meter(SCOPE))
        self._histograms.extend(self.instruments.histograms())

    def add(self, table: type[Table]) -> Table:
        """Return the instruments of another ``table``, collected like the others."""
        on_negative: OnNegative = self.instruments.note_skew
        made = table(self.provider.get_meter(SCOPE), on_negative)
        self._histograms.extend(made.histograms())
        return made

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return every metric as Prometheus reads it, and the content type of that."""
        encode, content_type = choose_encoder(accept)
        with self._rendering:
            return encode(self.registry), content_type

    def shutdown(self, patience: timedelta) -> None:
        """Send what a collector has not got yet, for no longer than ``patience``."""
        if self._sdk is not None:
            self._sdk.shutdown(patience.total_seconds() * 1000)

    def _start(
        self, resource: Resource, settings: TelemetrySettings, outage: Outage
    ) -> MeterProvider:
        ProcessCollector(registry=self.registry)
        readers: list[MetricReader] = [PrometheusReader(self.registry, self._histograms)]
        endpoint = settings.metrics_endpoint
        if endpoint is not None:
            exporter = metric_exporter(endpoint, settings.metrics_protocol)
            readers.append(CollectorReader(exporter, self._histograms, outage))
        views = [
            View(instrument_name=name, attribute_keys=labels)
            for name, labels in _HTTP_LABELS.items()
        ]
        return MeterProvider(readers, resource, shutdown_on_exit=False, views=views)
