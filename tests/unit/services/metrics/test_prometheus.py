# SPDX-License-Identifier: Apache-2.0
"""The totals as Prometheus reads them."""

import re
from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from pydantic import SecretStr

from services.metrics import names
from services.metrics.changes import Key
from services.metrics.definitions import DEFINITIONS
from services.metrics.prometheus import TotalsCollector, families
from services.metrics.rollup import rollup
from services.metrics.session_lifecycle import session_lifecycle
from shared.settings import RedisSettings
from tests.support.event_streams import long_history


class Given(Collector):
    def __init__(self, totals: dict[Key, int]) -> None:
        self._totals = totals

    def collect(self) -> Iterable[Metric]:
        return families(self._totals)


def samples(totals: dict[Key, int]) -> dict[tuple[str, ...], float]:
    registry = CollectorRegistry()
    registry.register(Given(totals))
    return {
        (sample.name.removeprefix("agent_runtime_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def test_buckets_are_cumulative_and_durations_in_seconds() -> None:
    shown = samples(
        {
            (names.TOOL_SECONDS, "t", "0.001"): 2,
            (names.TOOL_SECONDS, "t", "0.5"): 1,
            (names.TOOL_SECONDS, "t", "+Inf"): 1,
            (names.TOOL_SECONDS, "t", names.SUM): 90_000_000,
        }
    )

    assert shown["tool_duration_seconds_bucket", "0.001", "t"] == 2
    assert shown["tool_duration_seconds_bucket", "0.2", "t"] == 2
    assert shown["tool_duration_seconds_bucket", "60.0", "t"] == 3
    assert shown["tool_duration_seconds_bucket", "+Inf", "t"] == 4
    assert shown["tool_duration_seconds_count", "t"] == 4
    assert shown["tool_duration_seconds_sum", "t"] == 90


def test_cost_is_in_dollars_and_active_sessions_are_worked_out() -> None:
    shown = samples(
        {
            (names.LLM_COST, "m"): 1_500_000_000,
            (names.SESSIONS_CREATED,): 5,
            (names.SESSIONS_OVER,): 2,
        }
    )

    assert shown["llm_cost_usd_total", "m"] == 1.5
    assert shown["sessions_active",] == 3


def test_every_figure_that_is_counted_is_shown() -> None:
    kept = rollup(long_history("s", 48), {}).totals

    shown = {key[0] for key in samples(kept)}

    for name in {key[0] for key in kept} - {names.SESSIONS_SEEN}:
        assert name in shown or f"{name}_bucket" in shown


def test_every_figure_is_shown_once_something_happened() -> None:
    """Each that the table promises is fed by some event; one that is not would stay unseen."""
    events = long_history("s", 100)
    totals = {**rollup(events, {}).totals, **session_lifecycle(events, {}).totals}

    shown = {re.sub(r"_bucket$", "", key[0]) for key in samples(totals)}

    assert {each.name for each in DEFINITIONS} <= shown


def test_without_redis_there_are_no_totals_but_the_rest_of_the_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    collector = TotalsCollector(RedisSettings(url=SecretStr("redis://127.0.0.1:1/0")))

    assert list(collector.collect()) == []
    assert "no totals on /metrics" in caplog.text
    collector.close()
