# SPDX-License-Identifier: Apache-2.0
"""A number that only grows."""

from collections.abc import Iterable
from threading import Lock

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from shared.telemetry.cardinality import Key, LabelGuard, Labels
from shared.telemetry.definition import Definition

NO_LABELS: Labels = {}


class Counter:
    """Counts per label set; readers collect the totals when they want them.

    Adding is an addition in a dictionary, an order of magnitude cheaper than a measurement passed
    through the SDK once per reader.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._guard = LabelGuard(definition.prometheus_name, definition.labels)
        self._totals: dict[Key, float] = {} if definition.labels else {(): 0}
        self._lock = Lock()

    def add(self, amount: float, labels: Labels = NO_LABELS) -> None:
        """Add ``amount``, which may be 0 to make the series visible before anything happens.

        Raises:
            ValueError: the labels are not the declared ones, or the amount is negative.
        """
        if amount < 0:
            raise ValueError(f"{self.definition.prometheus_name} only grows, not by {amount}")
        with self._lock:
            key = self._guard.key(labels)
            self._totals[key] = self._totals.get(key, 0) + amount

    def total(self, labels: Labels = NO_LABELS) -> float:
        """Return what was added under ``labels``."""
        with self._lock:
            return self._totals.get(self._guard.key(labels), 0)

    def register(self, meter: Meter) -> None:
        """Let the readers of ``meter`` collect this counter."""
        meter.create_observable_counter(
            self.definition.otel_name,
            [self._observe],
            unit=self.definition.unit,
            description=self.definition.meaning,
        )

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            totals = list(self._totals.items())
        return [Observation(total, self._guard.as_labels(key)) for key, total in totals]
