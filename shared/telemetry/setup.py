# SPDX-License-Identifier: Apache-2.0
"""Turns telemetry on for a process, and flushes it at the end.

Nothing here is global: each ``Telemetry`` has providers and a registry of its own, which are handed
to whoever needs them. Only the loggers of the exporters are shared with the rest of the process.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, Thread
from time import monotonic
from typing import Final

from opentelemetry.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from shared.telemetry.exporters import span_exporter
from shared.telemetry.file_exporter import FileSpanExporter
from shared.telemetry.instruments import Instruments
from shared.telemetry.metering import Metering, Table
from shared.telemetry.outage import Outage, WatchedSpanExporter
from shared.telemetry.resource import build_resource, service_version
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.tracing import CorrelationProcessor, Tracing

logger = logging.getLogger(__name__)

PATIENCE: Final = timedelta(seconds=3)
FILE_DELAY: Final = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """The traces and metrics of one process: ``tracing`` starts spans, ``instruments`` count."""

    service: str
    tracing: Tracing
    metering: Metering
    collector_exporter: WatchedSpanExporter | None
    outage: Outage
    closing: Lock = field(default_factory=Lock)

    @property
    def tracing_enabled(self) -> bool:
        """Whether spans go anywhere."""
        return self.tracing.enabled

    @property
    def instruments(self) -> Instruments:
        """Every metric of this project, to be counted."""
        return self.metering.instruments

    @property
    def meter_provider(self) -> MeterProvider:
        """For libraries that measure by themselves."""
        return self.metering.provider

    @property
    def registry(self) -> CollectorRegistry:
        """What ``/metrics`` is rendered from."""
        return self.metering.registry

    def metrics_text(self, accept: str = "") -> tuple[bytes, str]:
        """Return every metric as Prometheus reads it, and the content type of that.

        ``accept`` is the Accept header of the request; a scraper may prefer OpenMetrics.
        """
        return self.metering.text(accept)

    def register(self, collector: Collector) -> None:
        """Render what ``collector`` yields on ``/metrics`` too."""
        self.registry.register(collector)

    def add_instruments(self, table: type[Table]) -> Table:
        """Return the instruments of a table that a service declared for itself."""
        return self.metering.add(table)

    def shutdown(self, patience: timedelta = PATIENCE) -> None:
        """Send what is left and stop, within ``patience``, whether or not anybody receives it.

        Blocks, so not for the event loop. A second call does nothing.
        """
        if not self.closing.acquire(blocking=False):
            return
        jobs: list[Callable[[], None]] = [lambda: self.metering.shutdown(patience)]
        if self.tracing.provider is not None:
            jobs.append(self.tracing.provider.shutdown)
        finished = _run_all(jobs, patience)
        if self.collector_exporter is not None:
            self.collector_exporter.shutdown()  # ends the waiting of an export that goes on
        if finished:
            self.outage.unwatch()


def configure_telemetry(service: str, settings: TelemetrySettings) -> Telemetry:
    """Return the telemetry of a process that runs ``service``.

    Spans are recorded only if ``settings`` say where they go. Metrics always are, for ``/metrics``.
    Neither a collector that is down nor one that was never there is noticed by the service.

    Raises:
        ConfigurationError: the file for spans cannot be written.
    """
    resource = build_resource(service)
    outage = Outage()
    metering = Metering(resource, settings, outage)
    metering.instruments.build_info.set(1, {"service": service, "version": service_version()})
    collector = _collector(settings, outage)
    tracing = _tracing(resource, settings, collector, metering.provider)
    outage.watch()
    return Telemetry(
        service=service,
        tracing=tracing,
        metering=metering,
        collector_exporter=collector,
        outage=outage,
    )


def _collector(settings: TelemetrySettings, outage: Outage) -> WatchedSpanExporter | None:
    endpoint = settings.traces_endpoint
    if endpoint is None or settings.otel_sdk_disabled:
        return None
    return WatchedSpanExporter(span_exporter(endpoint, settings.traces_protocol), outage)


def _tracing(
    resource: Resource,
    settings: TelemetrySettings,
    collector: WatchedSpanExporter | None,
    meters: MeterProvider,
) -> Tracing:
    file = None if settings.otel_sdk_disabled else settings.traces_file
    if collector is None and file is None:
        return Tracing.off()
    provider = TracerProvider(resource=resource, shutdown_on_exit=False, meter_provider=meters)
    provider.add_span_processor(CorrelationProcessor())
    if collector is not None:
        provider.add_span_processor(BatchSpanProcessor(collector, meter_provider=meters))
    if file is not None:
        delay = FILE_DELAY.total_seconds() * 1000
        exporter = FileSpanExporter(file)
        provider.add_span_processor(
            BatchSpanProcessor(exporter, schedule_delay_millis=delay, meter_provider=meters)
        )
    return Tracing.to(provider, captures_content=settings.captures_content)


def _run_all(jobs: list[Callable[[], None]], patience: timedelta) -> bool:
    deadline = monotonic() + patience.total_seconds()
    threads = [Thread(target=_safely, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
    return not any(thread.is_alive() for thread in threads)


def _safely(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:
        logger.warning("telemetry was not shut down cleanly", exc_info=True)
