# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given, strategies as st
from opentelemetry.sdk.metrics.export import Histogram as HistogramData

from shared.telemetry.definition import Definition
from shared.telemetry.histogram import Histogram


def _histogram(on_negative: list[tuple[str, int]] | None = None) -> Histogram:
    reported = on_negative if on_negative is not None else []
    definition = Definition(
        name="wait_seconds",
        kind="histogram",
        unit="s",
        meaning="Waiting.",
        buckets=(1.0, 5.0),
    )
    return Histogram(definition, on_negative=lambda name, count: reported.append((name, count)))


def _data(histogram: Histogram) -> HistogramData:
    metric = histogram.collect()
    assert metric is not None
    assert isinstance(metric.data, HistogramData)
    return metric.data


def test_a_bucket_includes_its_upper_bound() -> None:
    histogram = _histogram()

    histogram.record_many([0.5, 1.0, 1.1, 5.0, 99.0])

    (point,) = _data(histogram).data_points
    assert point.bucket_counts == (2, 2, 1)
    assert point.explicit_bounds == (1.0, 5.0)
    assert (point.count, point.min, point.max) == (5, 0.5, 99.0)
    assert point.sum == pytest.approx(106.6)


def test_collecting_does_not_forget() -> None:
    histogram = _histogram()
    histogram.record(2)
    _data(histogram)
    histogram.record(3)

    assert _data(histogram).data_points[0].count == 2
    assert histogram.count() == 2


def test_a_histogram_without_measurements_has_nothing_to_tell() -> None:
    histogram = _histogram()

    assert histogram.collect() is None
    assert histogram.count() == 0


@pytest.mark.parametrize("value", [-0.5, float("-inf"), float("nan")])
def test_what_is_no_duration_counts_as_zero_and_is_reported(value: float) -> None:
    reported: list[tuple[str, int]] = []
    histogram = _histogram(reported)

    histogram.record_many([value, 2.0])

    (point,) = _data(histogram).data_points
    assert (point.count, point.sum, point.min) == (2, 2.0, 0.0)
    assert reported == [("wait_seconds", 1)]


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50))
def test_every_measurement_is_in_exactly_one_bucket(values: list[float]) -> None:
    histogram = _histogram()

    histogram.record_many(values)

    (point,) = _data(histogram).data_points
    assert sum(point.bucket_counts) == point.count == len(values)
    assert point.bucket_counts[0] == sum(value <= 1.0 for value in values)
    assert point.sum == pytest.approx(sum(values))
