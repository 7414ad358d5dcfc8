# SPDX-License-Identifier: Apache-2.0
"""Every figure of a consumer is fed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.events import MessageReceived, Topics
from shared.messaging import Delivery, Record, encode
from shared.messaging.observation import BusObservation
from shared.messaging.observer import RetryKind
from shared.messaging.outcomes import Outcomes
from shared.telemetry.cardinality import Labels
from shared.telemetry.histogram import Histogram
from shared.telemetry.instruments import Instruments
from shared.telemetry.tracing import Tracing
from tests.support.factories import an_event

GROUP: Labels = {"group": "agent-runtime.audit"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FixedClock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Watched:
    instruments: Instruments
    clock: FixedClock
    observation: BusObservation


@pytest.fixture
def watched() -> Watched:
    instruments, clock = Instruments(NoOpMeterProvider().get_meter("test")), FixedClock()
    observation = BusObservation(
        Tracing.off(), instruments, group="agent-runtime.audit", clock=clock
    )
    return Watched(instruments, clock, observation)


def a_delivery(topic: str = "events", *, sent: timedelta = timedelta(0)) -> Delivery:
    event = an_event(MessageReceived, occurred_at=NOW - sent).recorded(sequence=1, source="/test")
    outgoing = encode(event, Topics())
    timestamp = int((NOW - sent).timestamp() * 1000)
    record = Record(topic, 0, 7, timestamp, outgoing.key, outgoing.value, outgoing.headers)
    return Delivery(record, event)


def test_records_are_counted_by_what_became_of_them(watched: Watched) -> None:
    applied, given_up, unwanted = a_delivery(), a_delivery(), a_delivery("other")
    outcomes = Outcomes()

    with watched.observation.processing([applied, given_up, unwanted], outcomes):
        outcomes.dead_lettered.add(id(given_up))
        outcomes.ignored.add(id(unwanted))

    consumed = watched.instruments.records_consumed
    assert consumed.total({"topic": "events", "outcome": "applied", **GROUP}) == 1
    assert consumed.total({"topic": "events", "outcome": "dead_lettered", **GROUP}) == 1
    assert consumed.total({"topic": "other", "outcome": "ignored", **GROUP}) == 1


def test_the_way_to_the_group_and_the_way_to_its_effect_are_measured(watched: Watched) -> None:
    with watched.observation.processing([a_delivery(sent=timedelta(seconds=3))], Outcomes()):
        watched.clock.time += timedelta(seconds=2)

    labels: Labels = {"topic": "events", **GROUP}
    instruments = watched.instruments
    assert sum_of(instruments.event_delivery) == pytest.approx(3)
    assert sum_of(instruments.event_e2e_latency) == pytest.approx(5)
    assert sum_of(instruments.consumer_batch_duration) == pytest.approx(2)
    assert instruments.event_delivery.count(labels) == 1
    assert instruments.consumer_batch_size.count(GROUP) == 1


def sum_of(histogram: Histogram) -> float:
    collected: Any = histogram.collect()
    return float(sum(point.sum for point in collected.data.data_points))


def test_a_negative_duration_is_flagged_as_skew(watched: Watched) -> None:
    """P17: Safeguard: a measurement below nothing counts as nothing and is reported."""
    with watched.observation.processing([a_delivery(sent=timedelta(seconds=-3))], Outcomes()):
        pass

    skew = watched.instruments.clock_skew
    assert skew.total({"metric": "event_delivery_seconds"}) == 1


@pytest.mark.parametrize("kind", get_args(RetryKind))
def test_repetitions_are_counted_by_their_kind(watched: Watched, kind: RetryKind) -> None:
    watched.observation.retried(kind)

    assert watched.instruments.retries.total({"kind": kind, **GROUP}) == 1


def test_waiting_for_a_server_is_shown_while_it_lasts(watched: Watched) -> None:
    paused: Labels = {"reason": "PostgreSQL", **GROUP}

    watched.observation.waiting("PostgreSQL", True)
    while_waiting = watched.instruments.consumer_paused.value(paused)
    watched.observation.waiting("PostgreSQL", False)

    assert (while_waiting, watched.instruments.consumer_paused.value(paused)) == (1, 0)


def test_a_stop_because_of_failures_is_shown(watched: Watched) -> None:
    watched.observation.halted()

    assert watched.instruments.consumer_paused.value({"reason": "failures", **GROUP}) == 1


def test_duplicates_and_failed_commits_are_counted(watched: Watched) -> None:
    watched.observation.duplicates_dropped(3)
    watched.observation.commit_failed(OSError("gone"))

    assert watched.instruments.duplicates_dropped.total(GROUP) == 3
    assert watched.instruments.commit_failures.total(GROUP) == 1


def test_the_age_of_what_is_not_finished_grows_by_itself(watched: Watched) -> None:
    """Safeguard: the age is asked for and not set, so it grows while a consumer waits."""
    partition: Labels = {"topic": "events", "partition": "2", **GROUP}

    watched.observation.lag("events", 2, records=5, waits_since=int(NOW.timestamp() * 1000))
    watched.clock.time += timedelta(minutes=10)
    waiting = watched.instruments.consumer_lag.value(partition)
    watched.observation.lag("events", 2, records=0, waits_since=None)

    assert waiting == pytest.approx(600)
    assert watched.instruments.consumer_lag.value(partition) == 0
    assert watched.instruments.consumer_lag_records.value(partition) == 0


def test_the_lag_of_a_partition_that_went_to_somebody_else_is_forgotten(watched: Watched) -> None:
    partition: Labels = {"topic": "events", "partition": "2", **GROUP}
    watched.observation.assigned(6)
    watched.observation.lag("events", 2, records=5, waits_since=0)

    watched.observation.released("events", 2)

    assert watched.instruments.consumer_lag.value(partition) is None
    assert watched.instruments.consumer_lag_records.value(partition) is None
    assert watched.instruments.consumer_assigned_partitions.value(GROUP) == 6


def test_a_commit_is_a_span_of_its_own() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instruments = Instruments(NoOpMeterProvider().get_meter("test"))
    observation = BusObservation(Tracing.to(provider), instruments, group="agent-runtime.audit")

    with observation.committing([a_delivery().record, a_delivery().record]):
        pass

    (span,) = exporter.get_finished_spans()
    assert span.name == "commit events"
    assert span.attributes is not None
    assert span.attributes["messaging.operation.type"] == "settle"
    assert span.attributes["messaging.consumer.group.name"] == "agent-runtime.audit"
