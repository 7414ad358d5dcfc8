# SPDX-License-Identifier: Apache-2.0
"""A number that goes up and down."""

import logging
from collections.abc import Callable, Iterable
from threading import Lock

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from shared.telemetry.cardinality import Key, LabelGuard, Labels
from shared.telemetry.counter import NO_LABELS
from shared.telemetry.definition import Definition

logger = logging.getLogger(__name__)


class Gauge:
    """Holds the last value per label set, or a way to ask for it."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._guard = LabelGuard(definition.prometheus_name, definition.labels)
        self._values: dict[Key, float] = {}
        self._sources: dict[Key, Callable[[], float]] = {}
        self._lock = Lock()

    def set(self, value: float, labels: Labels = NO_LABELS) -> None:
        """Make ``value`` the current one."""
        with self._lock:
            self._values[self._guard.key(labels)] = value

    def add(self, amount: float, labels: Labels = NO_LABELS) -> None:
        """Change the current value, 0 at first, by ``amount``."""
        with self._lock:
            key = self._guard.key(labels)
            self._values[key] = self._values.get(key, 0) + amount

    def track(self, source: Callable[[], float], labels: Labels = NO_LABELS) -> None:
        """Ask ``source`` whenever the value is wanted.

        For ages: one that is set by a loop stands still when the loop does. ``source`` is called
        from other threads and must not block.
        """
        with self._lock:
            self._sources[self._guard.key(labels)] = source

    def remove(self, labels: Labels = NO_LABELS) -> None:
        """Forget a series, as when a partition went to somebody else."""
        with self._lock:
            key = self._guard.key(labels)
            self._values.pop(key, None)
            self._sources.pop(key, None)

    def value(self, labels: Labels = NO_LABELS) -> float | None:
        """Return the current value; None if there is none."""
        with self._lock:
            key = self._guard.key(labels)
            source = self._sources.get(key)
            return source() if source else self._values.get(key)

    def register(self, meter: Meter) -> None:
        """Let the readers of ``meter`` collect this gauge."""
        meter.create_observable_gauge(
            self.definition.otel_name,
            [self._observe],
            unit=self.definition.unit,
            description=self.definition.meaning,
        )

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            values = dict(self._values)
            sources = list(self._sources.items())
        values.update(self._ask(sources))
        return [Observation(value, self._guard.as_labels(key)) for key, value in values.items()]

    def _ask(
        self, sources: Iterable[tuple[Key, Callable[[], float]]]
    ) -> Iterable[tuple[Key, float]]:
        for key, source in sources:
            try:
                yield key, source()
            except Exception:
                labels = self._guard.as_labels(key)
                logger.warning("no value for %s%s", self.definition.name, labels, exc_info=True)
