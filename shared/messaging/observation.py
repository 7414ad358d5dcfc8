# SPDX-License-Identifier: Apache-2.0
"""Watches a bus with OpenTelemetry: spans for what is sent and processed, and figures."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import get_args

from shared.clock import Clock, SystemClock
from shared.events import Event
from shared.messaging import headers as names
from shared.messaging.dead_letters import KINDS
from shared.messaging.headers import Headers, readable
from shared.messaging.observer import RetryKind
from shared.messaging.outcomes import Outcome, Outcomes
from shared.messaging.records import Delivery, OutgoingRecord, Record
from shared.telemetry.cardinality import Labels
from shared.telemetry.instruments import Instruments
from shared.telemetry.messaging_spans import (
    batch_spans,
    commit_span,
    inject_span,
    process_span,
    start_send_span,
)
from shared.telemetry.propagation import extract, inject
from shared.telemetry.tracing import Tracing, record_error


def stamp(headers: Headers) -> Headers:
    """Return the headers with the current span as the one that made the event."""
    return tuple(inject(None, headers))


class BusObservation:
    """The observer of a service's bus."""

    def __init__(
        self,
        tracing: Tracing,
        instruments: Instruments,
        *,
        group: str,
        clock: Clock | None = None,
    ) -> None:
        self._tracing = tracing
        self._instruments = instruments
        self._group = group
        self._clock = clock or SystemClock()
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show what is counted seldom before it happens.

        Prometheus knows no increase up to the first value of a series, so that no alert would ever
        hear of the first dead letter of a process.
        """
        group: Labels = {"group": self._group}
        for kind in KINDS:
            self._instruments.dlq_messages.add(0, {**group, "error_kind": kind})
        for retry_kind in get_args(RetryKind):
            self._instruments.retries.add(0, {**group, "kind": retry_kind})
        self._instruments.commit_failures.add(0, group)

    @contextmanager
    def sending(self, record: OutgoingRecord, event: Event | None = None) -> Generator[Headers]:
        """Give the headers that name the span of the sending, below the span that made the event.

        An event that is published directly is made by the current span.
        """
        try:
            if self._tracing.enabled:
                with self._send_span(record) as headers:
                    yield headers
            else:
                yield record.headers
        except Exception:
            self._count_sent(record, "failed")
            raise
        self._count_sent(record, "confirmed")

    def _count_sent(self, record: OutgoingRecord, outcome: str) -> None:
        self._instruments.events_published.add(1, {"topic": record.topic, "outcome": outcome})

    @contextmanager
    def _send_span(self, record: OutgoingRecord) -> Generator[Headers]:
        headers = readable(record.headers)
        span = start_send_span(
            self._tracing,
            topic=record.topic,
            key=record.key,
            event_id=headers.get(names.ID, ""),
            event_type=headers.get(names.TYPE),
            correlation_id=headers.get(names.CORRELATION_ID, ""),
            parent=extract(record.headers) if names.TRACEPARENT in headers else None,
        )
        try:
            yield tuple(inject_span(span, record.headers))
        except Exception as error:
            record_error(span, error)
            raise
        finally:
            span.end()

    @contextmanager
    def processing(self, deliveries: Sequence[Delivery], outcomes: Outcomes) -> Generator[None]:
        """Leave ``process`` in the trace of every record, and count the batch."""
        records = [delivery.record for delivery in deliveries]
        began = self._clock.now()
        self._instruments.consumer_batch_size.record(len(records), {"group": self._group})
        self._count_received(deliveries, began.timestamp())
        with batch_spans(self._tracing, records, group=self._group):
            yield
        self._count_processed(deliveries, outcomes, (self._clock.now() - began).total_seconds())

    def _count_received(self, deliveries: Sequence[Delivery], now: float) -> None:
        for topic, some in _by_topic(deliveries).items():
            self._instruments.event_delivery.record_many(
                (now - delivery.record.timestamp / 1000 for delivery in some),
                {"topic": topic, "group": self._group},
            )

    def _count_processed(
        self, deliveries: Sequence[Delivery], outcomes: Outcomes, seconds: float
    ) -> None:
        now = self._clock.now()
        self._instruments.consumer_batch_duration.record(seconds, {"group": self._group})
        for topic, some in _by_topic(deliveries).items():
            labels: Labels = {"topic": topic, "group": self._group}
            counts: Counter[Outcome] = Counter(outcomes.of(delivery) for delivery in some)
            for outcome, count in counts.items():
                self._instruments.records_consumed.add(count, {**labels, "outcome": outcome})
            self._instruments.event_e2e_latency.record_many(
                (
                    (now - delivery.event.occurred_at).total_seconds()
                    for delivery in outcomes.without_dead_letters(some)
                    if delivery.event
                ),
                labels,
            )

    @contextmanager
    def handling(self, delivery: Delivery) -> Generator[None]:
        """Work in ``process`` of this one delivery, so that what its handlers do is below it."""
        with process_span(self._tracing, delivery.record, group=self._group):
            yield

    def retried(self, kind: RetryKind) -> None:
        """Count a repeated attempt."""
        self._instruments.retries.add(1, {"group": self._group, "kind": kind})

    def waiting(self, dependency: str, waits: bool) -> None:
        """Show whether the group waits for a server."""
        self._instruments.consumer_paused.set(
            int(waits), {"group": self._group, "reason": dependency}
        )

    def halted(self) -> None:
        """Show that the group has stopped, as it failed at too much."""
        self._instruments.consumer_paused.set(1, {"group": self._group, "reason": "failures"})

    def duplicates_dropped(self, records: int) -> None:
        """Count records whose effects were there before."""
        self._instruments.duplicates_dropped.add(records, {"group": self._group})

    def dead_lettered(self, delivery: Delivery, error: Exception, *, kind: str) -> None:
        """Count a dead letter."""
        self._instruments.dlq_messages.add(1, {"group": self._group, "error_kind": kind})

    def assigned(self, partitions: int) -> None:
        """Show how many partitions this process reads."""
        self._instruments.consumer_assigned_partitions.set(partitions, {"group": self._group})

    def released(self, topic: str, partition: int) -> None:
        """Forget the lag of a partition, which somebody else reports from now on."""
        labels = self._partition(topic, partition)
        self._instruments.consumer_lag_records.remove(labels)
        self._instruments.consumer_lag.remove(labels)

    def lag(self, topic: str, partition: int, *, records: int, waits_since: int | None) -> None:
        """Set the lag of a partition; its age grows by itself while nothing is finished."""
        labels = self._partition(topic, partition)
        self._instruments.consumer_lag_records.set(records, labels)
        self._instruments.consumer_lag.track(partial(self._age, waits_since), labels)

    def _partition(self, topic: str, partition: int) -> Labels:
        return {"topic": topic, "partition": str(partition), "group": self._group}

    def _age(self, since: int | None) -> float:
        if since is None:
            return 0.0
        return max(0.0, self._clock.now().timestamp() - since / 1000)

    @contextmanager
    def committing(self, records: Sequence[Record]) -> Generator[None]:
        """Leave ``commit`` in the trace of the records."""
        with commit_span(self._tracing, records, group=self._group):
            yield

    def commit_failed(self, error: Exception) -> None:
        """Count a failed commit."""
        self._instruments.commit_failures.add(1, {"group": self._group})


def _by_topic(deliveries: Sequence[Delivery]) -> dict[str, list[Delivery]]:
    by_topic: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_topic.setdefault(delivery.record.topic, []).append(delivery)
    return by_topic
