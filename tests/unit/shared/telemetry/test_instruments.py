# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from shared.telemetry import Instruments, Telemetry
from shared.telemetry.counter import Counter
from shared.telemetry.definition import Definition
from shared.telemetry.gauge import Gauge
from shared.telemetry.instrument_table import InstrumentTable, counter, histogram

Configure = Callable[..., Telemetry]

# What dashboards and alerts are written against
CONTRACT = {
    "consumer_lag_records": ("topic", "partition", "group"),
    "consumer_lag_seconds": ("topic", "partition", "group"),
    "event_e2e_latency_seconds": ("topic", "group"),
    "event_delivery_seconds": ("topic", "group"),
    "retries_total": ("group", "kind"),
    "dlq_messages_total": ("group", "error_kind"),
    "dlq_depth": ("group", "state"),
    "redrive_total": ("result",),
    "duplicates_dropped_total": ("group",),
    "commit_failures_total": ("group",),
    "outbox_pending": (),
    "outbox_oldest_age_seconds": (),
    "audit_tree_size": ("log",),
    "audit_checkpoint_age_seconds": ("log",),
    "audit_verify_failures_total": ("check",),
    "approvals_pending": (),
    "approvals_oldest_age_seconds": (),
    "turns_running": (),
    "llm_circuit_breaker_state": ("model",),
}


def _exercise(instruments: InstrumentTable, definition: Definition) -> None:
    labels = dict.fromkeys(definition.labels, "x")
    made = instruments.made(definition.name)
    if isinstance(made, Counter):
        made.add(1, labels)
    elif isinstance(made, Gauge):
        made.set(1, labels)
    else:
        made.record(1, labels)


def test_every_metric_is_rendered_under_exactly_the_name_of_the_table(
    configure: Configure,
) -> None:
    telemetry = configure()
    for definition in Instruments.definitions():
        _exercise(telemetry.instruments, definition)

    text = telemetry.metrics_text()[0].decode()

    rendered = {
        (sample.name, tuple(sorted(set(sample.labels) - {"le"})))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("agent_runtime_")
    }
    expected = {
        (definition.prometheus_name + suffix, tuple(sorted(definition.labels)))
        for definition in Instruments.definitions()
        for suffix in (("_bucket", "_count", "_sum") if definition.kind == "histogram" else ("",))
    }
    assert rendered == expected


def test_the_names_others_rely_on_are_there() -> None:
    table = {definition.name: definition.labels for definition in Instruments.definitions()}

    assert {name: table.get(name) for name in CONTRACT} == CONTRACT


def test_dead_letters_are_counted_by_group_and_kind(configure: Configure) -> None:
    telemetry = configure()

    telemetry.instruments.dlq_messages.add(2, {"group": "g", "error_kind": "poison"})
    telemetry.instruments.dlq_messages.add(1, {"group": "g", "error_kind": "poison"})

    text = telemetry.metrics_text()[0].decode()
    assert 'agent_runtime_dlq_messages_total{error_kind="poison",group="g"} 3.0\n' in text


@pytest.mark.parametrize("definition", Instruments.definitions(), ids=lambda each: each.name)
def test_a_row_of_the_table_is_complete(definition: Definition) -> None:
    assert (definition.kind == "counter") == definition.name.endswith("_total")
    assert (definition.unit == "s") == definition.name.endswith("_seconds")
    assert definition.meaning.endswith(".")
    assert (definition.kind == "histogram") == bool(definition.buckets)
    assert list(definition.buckets) == sorted(definition.buckets)


def test_no_two_rows_have_one_name() -> None:
    names = [definition.name for definition in Instruments.definitions()]

    assert len(names) == len(set(names))


def test_no_label_identifies_a_session_or_an_event() -> None:
    labels = {label for definition in Instruments.definitions() for label in definition.labels}

    assert not {label for label in labels if label.endswith("id") or "session" in label}


def test_a_duration_that_is_negative_counts_as_nothing_and_is_reported(
    configure: Configure,
) -> None:
    telemetry = configure()

    telemetry.instruments.event_delivery.record_many(
        [-5.0, 1.5, -0.1], {"topic": "t", "group": "g"}
    )

    text = telemetry.metrics_text()[0].decode()
    assert 'event_delivery_seconds_sum{group="g",topic="t"} 1.5\n' in text
    assert 'event_delivery_seconds_bucket{group="g",le="0.001",topic="t"} 2.0\n' in text
    assert 'agent_runtime_clock_skew_total{metric="event_delivery_seconds"} 2.0\n' in text


def test_a_service_can_have_a_table_of_its_own(configure: Configure) -> None:
    class Own(InstrumentTable):
        snapshots = counter("snapshots_total", "{snapshot}", "Snapshots.", "result")
        replay = histogram("replay_duration_seconds", "s", "Replays.")

    telemetry = configure()
    own = telemetry.add_instruments(Own)

    own.snapshots.add(1, {"result": "ok"})
    own.replay.record(-1)

    text = telemetry.metrics_text()[0].decode()
    assert 'agent_runtime_snapshots_total{result="ok"} 1.0\n' in text
    assert "agent_runtime_replay_duration_seconds_count 1.0\n" in text
    assert 'agent_runtime_clock_skew_total{metric="replay_duration_seconds"} 1.0\n' in text
