# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable

import pytest

from shared.telemetry import Telemetry

Configure = Callable[..., Telemetry]


def test_the_last_value_counts(configure: Configure) -> None:
    telemetry = configure()

    telemetry.instruments.outbox_pending.set(5)
    telemetry.instruments.outbox_pending.set(2)

    assert telemetry.instruments.outbox_pending.value() == 2
    assert b"agent_runtime_outbox_pending 2.0\n" in telemetry.metrics_text()[0]


def test_a_value_can_be_moved(configure: Configure) -> None:
    running = configure().instruments.turns_running

    running.add(1)
    running.add(1)
    running.add(-1)

    assert running.value() == 1


def test_a_removed_series_is_no_longer_rendered(configure: Configure) -> None:
    telemetry = configure()
    lag = telemetry.instruments.consumer_lag_records
    for partition in ("0", "1"):
        lag.set(7, {"topic": "t", "partition": partition, "group": "g"})
    telemetry.metrics_text()

    lag.remove({"topic": "t", "partition": "0", "group": "g"})

    text = telemetry.metrics_text()[0].decode()
    assert 'partition="1"' in text
    assert 'partition="0"' not in text


def test_a_tracked_value_is_asked_for_each_time(configure: Configure) -> None:
    telemetry = configure()
    ages = iter([10.0, 20.0])
    telemetry.instruments.audit_checkpoint_age.track(lambda: next(ages), {"log": "t-0"})

    texts = [telemetry.metrics_text()[0] for _ in range(2)]

    assert b'audit_checkpoint_age_seconds{log="t-0"} 10.0\n' in texts[0]
    assert b'audit_checkpoint_age_seconds{log="t-0"} 20.0\n' in texts[1]


def test_a_source_that_fails_costs_only_its_own_series(
    configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = configure()

    def broken() -> float:
        raise OSError("gone")

    telemetry.instruments.audit_checkpoint_age.track(broken, {"log": "t-0"})
    telemetry.instruments.audit_checkpoint_age.track(lambda: 3, {"log": "t-1"})

    text = telemetry.metrics_text()[0].decode()
    assert 'audit_checkpoint_age_seconds{log="t-1"} 3.0\n' in text
    assert "t-0" not in text
    assert "no value for audit_checkpoint_age_seconds" in caplog.text
