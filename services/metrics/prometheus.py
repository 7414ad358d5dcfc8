# SPDX-License-Identifier: Apache-2.0
"""Shows the totals in Redis on ``/metrics``."""

import logging
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from services.metrics import names
from services.metrics.changes import Key
from services.metrics.definitions import DEFINITIONS, scale
from services.metrics.figures import Totals, active_sessions
from services.metrics.rollup import bounds
from services.metrics.store import ask_totals, read_totals
from shared.rebuild import NotBuiltError
from shared.settings import RedisSettings
from shared.telemetry.definition import Definition

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0


class TotalsCollector(Collector):
    """Reads the totals whenever ``/metrics`` is asked for, in the thread that renders it.

    When Redis does not answer there are no totals, rather than old ones.
    """

    def __init__(self, settings: RedisSettings) -> None:
        client: Any = Redis
        self._redis = client.from_url(
            settings.url.get_secret_value(),
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
        )

    def describe(self) -> Iterable[Metric]:
        """Give nothing, so that being registered asks for nothing."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Give every figure."""
        try:
            return families(read_totals(self._pipeline().execute()))
        except (RedisError, OSError, NotBuiltError) as error:
            logger.warning("no totals on /metrics", extra={"error": str(error)})
            return ()

    def _pipeline(self) -> Any:
        return ask_totals(self._redis.pipeline(transaction=True))

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()


def families(totals: Totals) -> list[Metric]:
    """Return the totals as Prometheus wants them; one without anything to show is left out."""
    by_name: dict[str, dict[Key, int]] = {}
    for (name, *labels), amount in [*totals.items(), *_derived(totals)]:
        by_name.setdefault(name, {})[tuple(labels)] = amount
    return [
        _family(definition, by_name[definition.name])
        for definition in DEFINITIONS
        if definition.name in by_name
    ]


def _derived(totals: Totals) -> list[tuple[Key, int]]:
    return [((names.SESSIONS_ACTIVE,), active_sessions(totals))]


def _family(definition: Definition, values: Mapping[Key, int]) -> Metric:
    if definition.kind == "histogram":
        return _histogram(definition, values)
    make = GaugeMetricFamily if definition.kind == "gauge" else CounterMetricFamily
    family = make(definition.prometheus_name, definition.meaning, labels=definition.labels)
    for labels, amount in sorted(values.items()):
        family.add_metric(labels, amount / scale(definition))
    return family


def _histogram(definition: Definition, values: Mapping[Key, int]) -> Metric:
    family = HistogramMetricFamily(
        definition.prometheus_name, definition.meaning, labels=definition.labels
    )
    shown = bounds(definition.buckets)
    for labels in sorted({key[:-1] for key in values}):
        counts = accumulate(values.get((*labels, bound), 0) for bound in shown)
        total = values.get((*labels, names.SUM), 0) / scale(definition)
        family.add_metric(labels, list(zip(shown, counts, strict=True)), total)
    return family
