# SPDX-License-Identifier: Apache-2.0
"""A collector, and telemetry that is kept in memory."""

import os
from collections.abc import Callable, Generator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry import Telemetry, TelemetrySettings, Tracing, configure_telemetry
from shared.telemetry.tracing import CorrelationProcessor
from tests.support.otlp_receiver import OtlpReceiver

Configure = Callable[..., Telemetry]


@pytest.fixture(autouse=True)
def _no_telemetry_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):  # noqa: TID251 -- what a developer has set must not matter
        if name.startswith("OTEL_") or name == "TRACES_FILE":
            monkeypatch.delenv(name)


@pytest.fixture
def receiver() -> Generator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Generator[Configure]:
    """Configure telemetry from the environment variables given, and shut it down at the end."""
    made: list[Telemetry] = []

    def configure(service: str = "audit", **environment: str) -> Telemetry:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        made.append(configure_telemetry(service, TelemetrySettings()))
        return made[-1]

    yield configure
    for telemetry in made:
        telemetry.shutdown(timedelta(milliseconds=200))


@pytest.fixture
def finished() -> InMemorySpanExporter:
    """Every span that has ended, of ``tracing``."""
    return InMemorySpanExporter()


@pytest.fixture
def tracing(finished: InMemorySpanExporter) -> Generator[Tracing]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(CorrelationProcessor())
    provider.add_span_processor(SimpleSpanProcessor(finished))
    yield Tracing.to(provider)
    provider.shutdown()
