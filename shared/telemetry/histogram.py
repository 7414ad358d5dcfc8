# SPDX-License-Identifier: Apache-2.0
"""How often a number was how large."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from time import time_ns

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram as HistogramData,
    HistogramDataPoint,
    Metric,
)

from shared.telemetry.cardinality import Key, LabelGuard, Labels
from shared.telemetry.counter import NO_LABELS
from shared.telemetry.definition import Definition

OnNegative = Callable[[str, int], None]
"""Told the name of a metric, and how many of its measurements were negative."""


@dataclass(slots=True)
class _Series:
    counts: list[int]
    sum: float = 0.0
    smallest: float = inf
    largest: float = -inf
    since: int = field(default_factory=time_ns)


class Histogram:
    """Counts measurements in buckets.

    Consumers measure every record, thousands at a time. The SDK has no histogram that takes many
    measurements at once and charges several microseconds for each, so this one counts by itself
    and hands finished data points to the readers (see ``readers.py``).
    """

    def __init__(self, definition: Definition, *, on_negative: OnNegative) -> None:
        self.definition = definition
        self._bounds = definition.buckets
        self._guard = LabelGuard(definition.prometheus_name, definition.labels)
        self._on_negative = on_negative
        self._series: dict[Key, _Series] = {}
        self._lock = Lock()

    def record(self, value: float, labels: Labels = NO_LABELS) -> None:
        """Count one measurement."""
        self.record_many((value,), labels)

    def record_many(self, values: Iterable[float], labels: Labels = NO_LABELS) -> None:
        """Count measurements that share ``labels``.

        Clocks of two machines disagree, and what they measure together may be negative. That is
        counted as 0 and reported, and never as a negative duration.

        Raises:
            ValueError: the labels are not the declared ones.
        """
        negative = 0
        with self._lock:
            series = self._of(self._guard.key(labels))
            for value in values:
                if value >= 0:
                    measured = value
                else:
                    measured = 0.0
                    negative += 1
                series.counts[bisect_left(self._bounds, measured)] += 1
                series.sum += measured
                series.smallest = min(series.smallest, measured)
                series.largest = max(series.largest, measured)
        if negative:
            self._on_negative(self.definition.name, negative)

    def count(self, labels: Labels = NO_LABELS) -> int:
        """Return how many measurements were recorded under ``labels``."""
        with self._lock:
            series = self._series.get(self._guard.key(labels))
            return sum(series.counts) if series else 0

    def collect(self) -> Metric | None:
        """Return everything recorded since the start; None if that is nothing."""
        now = time_ns()
        with self._lock:
            points = [self._point(key, series, now) for key, series in self._series.items()]
        if not points:
            return None
        return Metric(
            name=self.definition.otel_name,
            description=self.definition.meaning,
            unit=self.definition.unit,
            data=HistogramData(points, AggregationTemporality.CUMULATIVE),
        )

    def _of(self, key: Key) -> _Series:
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series([0] * (len(self._bounds) + 1))
        return series

    def _point(self, key: Key, series: _Series, now: int) -> HistogramDataPoint:
        return HistogramDataPoint(
            attributes=self._guard.as_labels(key),
            start_time_unix_nano=series.since,
            time_unix_nano=now,
            count=sum(series.counts),
            sum=series.sum,
            bucket_counts=tuple(series.counts),
            explicit_bounds=self._bounds,
            min=series.smallest,
            max=series.largest,
        )
