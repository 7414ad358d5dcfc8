# SPDX-License-Identifier: Apache-2.0
"""What a process tells of itself: traces, metrics, and the names both use."""

from shared.telemetry.instruments import Instruments
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.setup import Telemetry, configure_telemetry
from shared.telemetry.tracing import Tracing

__all__ = ["Instruments", "Telemetry", "TelemetrySettings", "Tracing", "configure_telemetry"]
