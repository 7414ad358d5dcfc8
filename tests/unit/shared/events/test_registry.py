# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from shared.errors import DecodingError, DecodingProblem
from shared.events import DomainEvent
from shared.events.registry import EventRegistry


class Renamed(DomainEvent):
    """At its third version."""

    version = 3
    new_name: str


@pytest.fixture
def registry() -> EventRegistry:
    registry = EventRegistry()
    registry.register(Renamed)

    @registry.upcaster(Renamed, from_version=1)
    def name_it(payload: dict[str, Any]) -> dict[str, Any]:
        return {"name": payload["n"]}

    @registry.upcaster(Renamed, from_version=2)
    def rename_it(payload: dict[str, Any]) -> dict[str, Any]:
        return {"new_name": payload["name"]}

    return registry


def upcast(registry: EventRegistry, version: int, payload: dict[str, Any]) -> dict[str, Any]:
    _, steps = registry.resolve(f"agentruntime.domain.renamed.v{version}")
    for step in steps:
        payload = step(payload)
    return payload


@pytest.mark.parametrize(
    ("version", "payload"), [(1, {"n": "x"}), (2, {"name": "x"}), (3, {"new_name": "x"})]
)
def test_old_payloads_are_brought_up_to_date_step_by_step(
    registry: EventRegistry, version: int, payload: dict[str, Any]
) -> None:
    assert upcast(registry, version, payload) == {"new_name": "x"}


def test_a_version_of_the_future_is_refused(registry: EventRegistry) -> None:
    with pytest.raises(DecodingError) as raised:
        registry.resolve("agentruntime.domain.renamed.v4")

    assert raised.value.kind is DecodingProblem.FUTURE_VERSION


@pytest.mark.parametrize(
    "type_name",
    [
        "",
        "renamed",
        "agentruntime.domain.renamed",
        "agentruntime.domain.renamed.v0",
        "agentruntime.domain.renamed.v1.v2",
        "agentruntime.infrastructure.renamed.v1",
        "agentruntime.domain.Renamed.v1",
        "agentruntime.domain.renamed.v1\n",
    ],
)
def test_what_is_not_exactly_a_known_type_is_unknown(
    registry: EventRegistry, type_name: str
) -> None:
    with pytest.raises(DecodingError) as raised:
        registry.resolve(type_name)

    assert raised.value.kind is DecodingProblem.UNKNOWN_TYPE


def test_a_version_without_a_way_to_the_current_one_is_refused() -> None:
    registry = EventRegistry()
    registry.register(Renamed)

    with pytest.raises(DecodingError, match="nothing reads version 2"):
        registry.resolve("agentruntime.domain.renamed.v2")


def test_a_name_is_taken_once(registry: EventRegistry) -> None:
    with pytest.raises(ValueError, match="registered already, by Renamed"):
        registry.register(Renamed)
