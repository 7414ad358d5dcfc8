# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest
from pydantic import ValidationError

from shared.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    RetrySettings,
    ServiceSettings,
    explain,
)


def test_durations_are_written_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_FETCH_MAX_WAIT", "0.02")

    assert KafkaSettings().fetch_max_wait == timedelta(milliseconds=20)


def test_a_service_reads_every_fragment_under_its_own_prefix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", "mine")
    monkeypatch.setenv("HTTP_PORT", "0")
    monkeypatch.setenv("RETRY_MAX_ATTEMPTS", "7")

    settings = ServiceSettings()

    assert settings.log_level == "DEBUG"
    assert settings.kafka.topic_prefix == "mine"
    assert settings.http.port == 0
    assert settings.retry.policy().max_attempts == 7


def test_what_is_missing_or_wrong_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_POOL_SIZE", "many")

    with pytest.raises(ValidationError) as raised:
        DatabaseSettings()
    message = str(explain(raised.value))

    assert "set DATABASE_URL to postgresql://" in message
    assert "DatabaseSettings.pool_size" in message
    assert "\n" not in message


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@host/db")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "hunter2")

    assert "hunter2" not in f"{DatabaseSettings()!r} {KafkaSettings()!r}"


def test_services_listen_on_loopback_unless_told_otherwise() -> None:
    assert HttpSettings().host == "127.0.0.1"


def test_three_attempts_from_one_second_is_the_default_policy() -> None:
    policy = RetrySettings().policy()

    assert (policy.max_attempts, policy.initial_delay) == (3, timedelta(seconds=1))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KAFKA_TOPIC_PREFIX", "no spaces"),
        ("KAFKA_PARTITIONS", "0"),
        ("KAFKA_SECURITY_PROTOCOL", "CARRIER_PIGEON"),
        ("HTTP_PORT", "70000"),
        ("RETRY_JITTER", "2"),
        ("RETRY_INITIAL_DELAY", "soon"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ValidationError):
        ServiceSettings()
