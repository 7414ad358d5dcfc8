# SPDX-License-Identifier: Apache-2.0
"""Every metric that a process feeds itself, with its unit and meaning.

What is counted from events is in ``services/metrics/definitions.py``, and nothing is in both.

On ``/metrics`` each has the prefix ``agent_runtime_``. Labels take few values: never the id of a
session, a turn, an event or a conversation. HTTP requests are measured by FastAPI itself, under the
names in ``HTTP_METRICS``.
"""

from typing import Final

from opentelemetry.metrics import Meter

from shared.telemetry.instrument_table import (
    SIZES,
    InstrumentTable,
    counter,
    gauge,
    histogram,
)

HTTP_METRICS: Final = {
    "http_server_request_duration_seconds": (
        "How long HTTP requests took, by http_request_method, http_route and "
        "http_response_status_code."
    ),
    "http_server_active_requests": "HTTP requests being answered, by http_request_method.",
}


class Instruments(InstrumentTable):
    """The table. Instances have an instrument for each row, under the name of the row."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(meter, self.note_skew)

    # The process
    build_info = gauge("build_info", "", "Always 1; says what runs.", "service", "version")
    clock_skew = counter(
        "clock_skew_total",
        "{measurement}",
        "Durations that came out negative because two clocks disagree; counted as 0.",
        "metric",
    )

    # Consumers
    records_consumed = counter(
        "records_consumed_total",
        "{record}",
        "Records taken from a topic, by what became of them: applied, dead_lettered, ignored.",
        "topic",
        "group",
        "outcome",
    )
    consumer_lag_records = gauge(
        "consumer_lag_records",
        "{record}",
        "Records on a partition that the group has not finished.",
        "topic",
        "partition",
        "group",
    )
    consumer_lag = gauge(
        "consumer_lag_seconds",
        "s",
        "Age of the oldest record on a partition that the group has not finished.",
        "topic",
        "partition",
        "group",
    )
    consumer_paused = gauge(
        "consumer_paused",
        "",
        "1 while the group waits: for a server, by its name, or because of too many failures.",
        "group",
        "reason",
    )
    consumer_assigned_partitions = gauge(
        "consumer_assigned_partitions", "{partition}", "Partitions this process reads.", "group"
    )
    consumer_batch_size = histogram(
        "consumer_batch_records",
        "{record}",
        "Records applied at once.",
        "group",
        buckets=SIZES,
    )
    consumer_batch_duration = histogram(
        "consumer_batch_duration_seconds", "s", "Time to apply a batch durably.", "group"
    )
    event_e2e_latency = histogram(
        "event_e2e_latency_seconds",
        "s",
        "From the moment an event occurred until its effect was durable in the group.",
        "topic",
        "group",
    )
    event_delivery = histogram(
        "event_delivery_seconds",
        "s",
        "From the timestamp of a record until the group received it.",
        "topic",
        "group",
    )
    retries = counter(
        "retries_total",
        "{retry}",
        "Repeated attempts, by why: transient, dependency_down, batch_fallback.",
        "group",
        "kind",
    )
    duplicates_dropped = counter(
        "duplicates_dropped_total",
        "{record}",
        "Records whose event had its effect before.",
        "group",
    )
    commit_failures = counter(
        "commit_failures_total", "{commit}", "Offset commits that failed.", "group"
    )

    # Dead letters
    dlq_messages = counter(
        "dlq_messages_total",
        "{record}",
        "Records written to the dead letter queue, by the kind of their error.",
        "group",
        "error_kind",
    )
    dlq_depth = gauge(
        "dlq_depth",
        "{record}",
        "Dead letters, by the group they are of and their state: open, parked, redriven, "
        "resolved, edited, discarded.",
        "group",
        "state",
    )
    dlq_fingerprints = gauge(
        "dlq_fingerprints", "{group}", "Different failures among the open dead letters.", "group"
    )
    redrives = counter(
        "redrive_total",
        "{record}",
        "Dead letters sent back, by what became of it: sent, succeeded, failed, edited, discarded.",
        "result",
    )

    # Producers and the outbox
    events_published = counter(
        "events_published_total", "{record}", "Records written to a topic.", "topic", "outcome"
    )
    outbox_pending = gauge("outbox_pending", "{event}", "Events committed but not yet on Kafka.")
    outbox_oldest_age = gauge(
        "outbox_oldest_age_seconds", "s", "Age of the oldest event that is not yet on Kafka."
    )

    # Audit
    audit_tree_size = gauge("audit_tree_size", "{entry}", "Entries in an audit log.", "log")
    audit_checkpoint_age = gauge(
        "audit_checkpoint_age_seconds", "s", "Time since the last signed checkpoint.", "log"
    )
    audit_verify_failures = counter(
        "audit_verify_failures_total", "{check}", "Verifications that found a broken log.", "check"
    )

    # Approvals, turns and models as the orchestrator has them in hand; what happened to them is
    # counted from the events by the metrics service
    approvals_pending = gauge("approvals_pending", "{approval}", "Approvals waiting for a person.")
    approvals_oldest_age = gauge(
        "approvals_oldest_age_seconds", "s", "Age of the oldest approval waiting for a person."
    )
    turns_running = gauge("turns_running", "{turn}", "Turns this process works on.")
    llm_breaker_state = gauge(
        "llm_circuit_breaker_state",
        "",
        "Whether this process asks a model: 0 closed, 1 half open, 2 open.",
        "model",
    )

    def note_skew(self, metric: str, count: int) -> None:
        """Count measurements of ``metric`` that came out negative."""
        self.clock_skew.add(count, {"metric": metric})
