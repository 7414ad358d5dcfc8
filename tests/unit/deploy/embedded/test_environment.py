# SPDX-License-Identifier: Apache-2.0
import pytest

from deploy.embedded.environment import server_environment, service_environment


def test_servers_see_no_setting_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "PGDATA", "CLUSTER_ID", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "http://127.0.0.1:4318")

    assert "http://127.0.0.1:4318" not in server_environment().values()


def test_services_see_telemetry_and_keys_of_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy")

    environment = service_environment({})

    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"
    assert environment["OPENAI_API_KEY"] == "key"
    assert environment["HTTP_PROXY"] == "http://proxy"


def test_defaults_give_way_to_the_environment_and_that_to_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDIT_GENERATE_KEY", "ours")
    monkeypatch.setenv("LOG_LEVEL", "ours")

    environment = service_environment(
        {"LOG_LEVEL": "set"},
        defaults={"AUDIT_GENERATE_KEY": "default", "LOG_LEVEL": "default", "OTHER": "default"},
    )

    assert environment["AUDIT_GENERATE_KEY"] == "ours"
    assert environment["LOG_LEVEL"] == "set"
    assert environment["OTHER"] == "default"


def test_services_do_not_see_the_addresses_of_other_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("KAFKA_SECURITY_PROTOCOL", "DATABASE_URL", "REDIS_URL", "HTTP_PORT"):
        monkeypatch.setenv(name, "elsewhere")

    environment = service_environment({"REDIS_URL": "here"})

    assert environment["REDIS_URL"] == "here"
    assert "elsewhere" not in environment.values()
