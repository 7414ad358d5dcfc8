# SPDX-License-Identifier: Apache-2.0
"""What ``docker-compose.yml`` promises, held without a Docker engine."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.compose.env_file import CLUSTER_ID, SECRETS
from deploy.embedded.catalogue import SERVICES, service_names
from tests.support.kafka.release import IMAGE
from tests.support.repository import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]

OPENED_BY_PEOPLE = {"gateway", "grafana", "jaeger", "kafka-ui", "prometheus"}
RUN_ONCE = {"agentctl", "demo", "migrations", "topics"}
CANNOT_ASK_ITSELF = {"collector"}  # its image holds one program and no shell
OURS = {*service_names(), *RUN_ONCE}

PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+(\.\d+)+(-[a-z0-9.]+)?$")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CLUSTER_ID")

every_container = pytest.mark.parametrize("name", CONTAINERS)
every_service = pytest.mark.parametrize("name", service_names())


def publications() -> Iterator[tuple[str, str]]:
    for name, container in CONTAINERS.items():
        yield from ((name, port) for port in container.get("ports", ()))


@every_container
def test_an_image_has_one_exact_version(name: str) -> None:
    assert PINNED.match(CONTAINERS[name]["image"])


def test_our_image_has_the_version_of_the_project() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]

    assert {CONTAINERS[name]["image"] for name in OURS} == {f"agent-runtime:{version}"}


def test_kafka_is_the_release_that_the_tests_run_on() -> None:
    assert CONTAINERS["kafka"]["image"] == IMAGE


def test_only_what_a_person_opens_is_published_and_on_loopback() -> None:
    assert {name for name, _ in publications()} == OPENED_BY_PEOPLE
    assert [port for _, port in publications() if not port.startswith("127.0.0.1:")] == []


def test_only_what_is_published_or_calls_models_reaches_the_outside() -> None:
    assert COMPOSE["networks"]["backend"] == {"internal": True}
    outside = {name for name, each in CONTAINERS.items() if set(each["networks"]) != {"backend"}}

    assert outside == {*OPENED_BY_PEOPLE, "orchestrator"}
    assert not any("network_mode" in each or "privileged" in each for each in CONTAINERS.values())


def test_no_secret_has_a_default_and_each_can_be_generated() -> None:
    used: list[tuple[str, str]] = VARIABLE.findall(TEXT)
    secrets = {(name, condition) for name, condition in used if SECRET.search(name)}

    assert {name for name, _ in secrets} == {*SECRETS, CLUSTER_ID}
    assert {condition for _, condition in secrets} == {":?run make env"}


def test_no_secret_is_written_down() -> None:
    written = [
        f"{name}: {variable}"
        for name, container in CONTAINERS.items()
        for variable, value in container.get("environment", {}).items()
        if re.search(r"PASSWORD|SECRET|API_KEY", variable) and value and str(value)[:2] != "${"
    ]

    assert written == []


@every_container
def test_a_container_is_given_as_little_as_it_needs(name: str) -> None:
    container = CONTAINERS[name]

    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["read_only"] is True
    assert re.fullmatch(r"\d+[mg]", container["mem_limit"])
    assert container["logging"]["options"]["max-size"]


@every_container
def test_a_container_that_stays_is_restarted_and_says_whether_it_is_well(name: str) -> None:
    container = CONTAINERS[name]
    stays = name not in RUN_ONCE

    assert (container["restart"] == "unless-stopped") is stays
    assert ("healthcheck" in container) is (stays and name not in CANNOT_ASK_ITSELF)


@every_container
def test_nothing_waits_for_what_cannot_say_that_it_is_ready(name: str) -> None:
    depends: dict[str, Any] = CONTAINERS[name].get("depends_on", {})

    wanted = {
        other: "service_completed_successfully"
        if other in RUN_ONCE
        else "service_started"
        if other in CANNOT_ASK_ITSELF
        else "service_healthy"
        for other in depends
    }
    assert {other: each["condition"] for other, each in depends.items()} == wanted


@every_service
def test_a_service_starts_after_the_schema_and_the_topics(name: str) -> None:
    assert {"migrations", "topics"} <= set(CONTAINERS[name]["depends_on"])


@every_service
def test_a_service_can_be_scaled(name: str) -> None:
    """A name or a published port can be had by one container only."""
    assert not {"container_name", "ports", "hostname"} & set(CONTAINERS[name])


@every_service
def test_a_service_is_run_and_asked_as_the_catalogue_says(name: str) -> None:
    entry = next(each for each in SERVICES if each.name == name)

    assert CONTAINERS[name]["command"] == ["python", "-P", "-m", entry.module]
    assert CONTAINERS[name]["healthcheck"]["test"][-2:] == ["deploy.healthcheck", str(entry.port)]


@every_service
def test_a_service_has_a_database_role_of_its_own_or_none(name: str) -> None:
    environment = CONTAINERS[name]["environment"]
    url = environment.get("DATABASE_URL")
    password = f"{name.upper()}_DB_PASSWORD"

    if password in SECRETS:
        assert url.startswith(f"postgresql://{name}:${{{password}:?")
    else:
        assert url is None
    others = {other for other in SECRETS if other.endswith("_DB_PASSWORD") and other != password}
    assert not any(other in str(value) for other in others for value in environment.values())


def test_what_is_mounted_from_here_is_here_and_is_not_written() -> None:
    mounts = [
        mount.split(":")
        for container in CONTAINERS.values()
        for mount in container.get("volumes", ())
        if mount.startswith(".")
    ]

    assert [source for source, *_ in mounts if not (ROOT / source).exists()] == []
    assert {options for *_, options in mounts} == {"ro"}


def test_every_volume_is_declared_and_used() -> None:
    used = {
        mount.partition(":")[0]
        for container in CONTAINERS.values()
        for mount in container.get("volumes", ())
        if not mount.startswith(".")
    }

    assert used == set(COMPOSE["volumes"])


def test_the_gateway_has_a_port_for_every_service() -> None:
    text = (ROOT / "deploy/gateway/nginx.conf").read_text("utf-8")
    routes: list[tuple[str, str]] = re.findall(r"^ +(\d{4}) (\w+);$", text, re.MULTILINE)
    listens: list[str] = re.findall(r"listen (\d+);", text)

    assert dict(routes) == {str(each.port): each.name for each in SERVICES}
    assert sorted(listens) == sorted(dict(routes))
