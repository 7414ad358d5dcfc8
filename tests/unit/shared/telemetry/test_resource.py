# SPDX-License-Identifier: Apache-2.0
import pytest

from shared.telemetry.resource import build_resource


def test_a_resource_names_the_service_its_version_and_the_process() -> None:
    resource, other = build_resource("audit").attributes, build_resource("audit").attributes

    assert resource["service.name"] == "agent-runtime-audit"
    assert resource["service.version"]
    assert resource["service.instance.id"] != other["service.instance.id"]


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.version=7,deployment.environment=test")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "notary")

    resource = build_resource("audit").attributes

    assert resource["service.name"] == "notary"
    assert resource["service.version"] == "7"
    assert resource["deployment.environment"] == "test"
