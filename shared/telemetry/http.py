# SPDX-License-Identifier: Apache-2.0
"""Spans and metrics of HTTP requests.

FastAPI makes both by itself, with the current conventions, from providers it is given; the separate
instrumentation packages change classes of the whole process and write names of an older convention.
"""

from collections.abc import MutableMapping
from typing import Any, Final

from fastapi.telemetry import TelemetryConfig

from shared.telemetry.setup import Telemetry

UNTRACED: Final = frozenset({"/healthz", "/readyz", "/metrics"})


def http_telemetry(telemetry: Telemetry) -> TelemetryConfig:
    """Return what ``FastAPI(telemetry=...)`` takes, to report to ``telemetry`` and nowhere else."""
    return TelemetryConfig(
        tracer_provider=telemetry.tracing.provider,
        meter_provider=telemetry.meter_provider,
        tracing=telemetry.tracing_enabled,
        metrics=True,
        logs=False,
        operation_spans=False,
        auto_configure=False,
        exclude=_is_untraced,
    )


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in UNTRACED
