# SPDX-License-Identifier: Apache-2.0
"""What a metric is called, what it counts, and in what unit."""

from dataclasses import dataclass
from typing import Final, Literal

from shared.telemetry.cardinality import Label

PREFIX: Final = "agent_runtime_"

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A row of the table of metrics.

    ``name`` is the one on ``/metrics`` without the prefix. OTLP carries the same name, without
    the ``_total`` of a counter, which Prometheus adds.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def prometheus_name(self) -> str:
        """The name as rendered on ``/metrics``."""
        return PREFIX + self.name

    @property
    def otel_name(self) -> str:
        """The name as sent over OTLP."""
        return self.prometheus_name.removesuffix("_total")
