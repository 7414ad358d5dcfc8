# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta

import pytest

from deploy.embedded.service_settings import (
    cluster_environment,
    kafka_environment,
    kafka_settings,
    settings_of,
)


def test_the_embedded_broker_gets_no_idempotent_producer_and_short_waits() -> None:
    settings = kafka_settings("127.0.0.1:1", {})

    assert settings.bootstrap_servers == "127.0.0.1:1"
    assert not settings.enable_idempotence
    assert settings.fetch_max_wait == timedelta(milliseconds=20)
    assert settings.session_timeout == timedelta(seconds=3)


def test_what_the_caller_chose_counts() -> None:
    chosen = {"KAFKA_TOPIC_PREFIX": "mine", "OTHER": "x"}

    assert kafka_environment("127.0.0.1:1", chosen)["KAFKA_TOPIC_PREFIX"] == "mine"
    assert "OTHER" not in kafka_environment("127.0.0.1:1", chosen)
    assert kafka_settings("127.0.0.1:1", chosen).topic_prefix == "mine"


def test_the_environment_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("KAFKA_TOPIC_PREFIX", "theirs")

    settings = kafka_settings("127.0.0.1:1", {})

    assert settings.security_protocol == "PLAINTEXT"
    assert settings.topic_prefix == "agent-runtime"


def test_a_cluster_that_is_not_ours_is_used_as_our_own_variables_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:1")

    variables = cluster_environment("kafka:9092", {"KAFKA_TOPIC_PREFIX": "mine", "OTHER": "x"})

    settings = settings_of(variables)
    assert settings.bootstrap_servers == "kafka:9092"
    assert settings.topic_prefix == "mine"
    assert settings.security_protocol == "SSL"
    assert settings.enable_idempotence
    assert "OTHER" not in variables
