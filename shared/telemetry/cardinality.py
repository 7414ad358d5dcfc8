# SPDX-License-Identifier: Apache-2.0
"""Keeps the number of series of a metric bounded, whatever its labels are given."""

from collections.abc import Mapping
from typing import Final, Literal

Label = Literal[
    "agent",
    "category",
    "check",
    "decision",
    "direction",
    "error_kind",
    "error_type",
    "event_type",
    "from_agent",
    "group",
    "kind",
    "level",
    "limit",
    "log",
    "metric",
    "model",
    "outcome",
    "partition",
    "projection",
    "reason",
    "result",
    "service",
    "stage",
    "state",
    "to_agent",
    "tool",
    "topic",
    "version",
]
"""Every label of every metric. No session, correlation, turn or event id is among them."""

Labels = Mapping[Label, str]
Key = tuple[str, ...]

OTHER: Final = "other"
MAX_VALUES: Final = 100
MAX_SERIES: Final = 2000
MAX_LENGTH: Final = 120


class LabelGuard:
    """Admits so many values of each label and so many combinations, and calls the rest ``other``.

    Metrics are kept in memory here and in every system that scrapes them: a label that takes its
    values from users (a model name, a tool of an MCP server) must not be able to fill either.
    """

    def __init__(
        self,
        metric: str,
        labels: tuple[Label, ...],
        *,
        max_values: int = MAX_VALUES,
        max_series: int = MAX_SERIES,
    ) -> None:
        self._metric = metric
        self._labels = labels
        self._max_values = max_values
        self._max_series = max_series
        self._values: list[set[str]] = [set() for _ in labels]
        self._series: set[Key] = set()
        self._overflow: Key = tuple(OTHER for _ in labels)

    def key(self, labels: Labels) -> Key:
        """Return the values under which a measurement with ``labels`` is counted.

        Raises:
            ValueError: the labels are not those the metric was declared with.
        """
        try:
            key = tuple([labels[name] for name in self._labels])
        except KeyError:
            raise self._mismatch(labels) from None
        if len(labels) != len(key):
            raise self._mismatch(labels)
        return key if key in self._series else self._admit(key)

    def as_labels(self, key: Key) -> dict[str, str]:
        """Return ``key`` with the names of its labels."""
        return dict(zip(self._labels, key, strict=True))

    def _admit(self, key: Key) -> Key:
        admitted = tuple(self._bounded(place, value) for place, value in enumerate(key))
        if admitted in self._series:
            return admitted
        if len(self._series) >= self._max_series:
            return self._overflow
        self._series.add(admitted)
        return admitted

    def _bounded(self, place: int, value: str) -> str:
        known = self._values[place]
        text = str(value)[:MAX_LENGTH]
        if text in known:
            return text
        if len(known) >= self._max_values:
            return OTHER
        known.add(text)
        return text

    def _mismatch(self, labels: Labels) -> ValueError:
        return ValueError(f"{self._metric} has the labels {self._labels}, not {tuple(labels)}")
