# SPDX-License-Identifier: Apache-2.0
"""The whole system, every service a process of its own, exporting traces to a real receiver."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.embedded.demo.services import Services
from deploy.embedded.options import Ports, StackOptions
from deploy.embedded.stack import Stack, running_stack
from shared.settings import KafkaSettings
from tests.support.kafka.topics_of_test import given_cluster
from tests.support.otlp_receiver import OtlpReceiver


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running system, and clients of its services."""

    stack: Stack
    services: Services
    workspaces: Path


@pytest.fixture(scope="module")
def receiver() -> Generator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka() -> AsyncGenerator[KafkaSettings | None]:
    """A cluster to run on in place of the embedded broker, with topics of our own."""
    async with given_cluster() as settings:
        yield settings


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(
    tmp_path_factory: pytest.TempPathFactory, receiver: OtlpReceiver, kafka: KafkaSettings | None
) -> AsyncGenerator[System]:
    directory = tmp_path_factory.mktemp("system")
    workspaces = directory / "workspaces"
    options = StackOptions(
        state_dir=directory / "state",
        ports=Ports.AUTO,
        durable=False,
        kafka_bootstrap_servers=kafka.bootstrap_servers if kafka else None,
        environment={
            **receiver.environment("http/protobuf"),
            "ORCHESTRATOR_WORKSPACE_ROOT": str(workspaces),
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "RETRY_INITIAL_DELAY": "0.05",
            **({"KAFKA_TOPIC_PREFIX": kafka.topic_prefix} if kafka else {}),
        },
    )
    async with (
        running_stack(options) as stack,
        Services(stack.addresses.services) as services,
    ):
        yield System(stack=stack, services=services, workspaces=workspaces)


@pytest.fixture(scope="session")
def sessions(request: pytest.FixtureRequest) -> int:
    """How many sessions there are at once."""
    count: Any = request.config.getoption("--sessions")
    return int(count)
