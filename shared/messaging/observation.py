# SPDX-License-Identifier: Apache-2.0
"""Watches a bus with OpenTelemetry: spans for what is sent and processed, and figures."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from shared.clock import Clock, SystemClock
from shared.errors import DependencyDownError
from shared.events import Event
from shared.messaging import headers as names
from shared.messaging.headers import Headers, readable
from shared.messaging.records import Delivery, OutgoingRecord
from shared.telemetry.cardinality import Labels
from shared.telemetry.instruments import Instruments
from shared.telemetry.messaging_spans import batch_spans, inject_span, process_span, start_send_span
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
    def processing(self, deliveries: Sequence[Delivery]) -> Generator[None]:
        """Leave ``process`` in the trace of every record, and count the batch."""
        records = [delivery.record for delivery in deliveries]
        began = self._clock.now()
        self._instruments.consumer_batch_size.record(len(records), {"group": self._group})
        with batch_spans(self._tracing, records, group=self._group):
            yield
        self._count_processed(deliveries, (self._clock.now() - began).total_seconds())

    def _count_processed(self, deliveries: Sequence[Delivery], seconds: float) -> None:
        group: Labels = {"group": self._group}
        now = self._clock.now()
        self._instruments.consumer_batch_duration.record(seconds, group)
        by_topic: dict[str, list[Delivery]] = {}
        for delivery in deliveries:
            by_topic.setdefault(delivery.record.topic, []).append(delivery)
        for topic, some in by_topic.items():
            labels: Labels = {"topic": topic, **group}
            self._instruments.records_consumed.add(len(some), {**labels, "outcome": "applied"})
            self._instruments.event_e2e_latency.record_many(
                (
                    (now - delivery.event.occurred_at).total_seconds()
                    for delivery in some
                    if delivery.event
                ),
                labels,
            )

    @contextmanager
    def handling(self, delivery: Delivery) -> Generator[None]:
        """Work in ``process`` of this one delivery, so that what its handlers do is below it."""
        with process_span(self._tracing, delivery.record, group=self._group):
            yield

    def retried(self, error: Exception) -> None:
        """Count a repeated attempt."""
        kind = "dependency_down" if isinstance(error, DependencyDownError) else "transient"
        self._instruments.retries.add(1, {"group": self._group, "kind": kind})

    def dead_lettered(self, delivery: Delivery, error: Exception, *, kind: str) -> None:
        """Count a dead letter."""
        self._instruments.dlq_messages.add(1, {"group": self._group, "error_kind": kind})

    def lag(self, topic: str, partition: int, *, records: int) -> None:
        """Set the lag of a partition."""
        self._instruments.consumer_lag_records.set(
            records, {"topic": topic, "partition": str(partition), "group": self._group}
        )

    def commit_failed(self, error: Exception) -> None:
        """Count a failed commit."""
        self._instruments.commit_failures.add(1, {"group": self._group})
