# SPDX-License-Identifier: Apache-2.0
"""One run of pytest on Apache Kafka."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.embedded import launch
from deploy.embedded.environment import kafka_variables, service_environment
from tests.support.kafka.broker import plain_kafka, running_kafka
from tests.support.kafka.release import VERSION
from tests.support.shared_servers import REPOSITORY

SUITES = ("tests/connected", "tests/scenarios", "tests/chaos")
LEFT_OUT = "tests/connected/embedded"  # it is about the embedded broker
INTERRUPTED = 130
TEST_VARIABLE = "AGENT_RUNTIME_TEST_KAFKA"


class GivenCluster(BaseSettings):
    """The cluster to test on, if there is one."""

    model_config = SettingsConfigDict(frozen=True)

    address: str | None = Field(
        default=None, validation_alias=AliasChoices(TEST_VARIABLE, "KAFKA_BOOTSTRAP_SERVERS")
    )


async def run_tests(arguments: Sequence[str]) -> int:
    """Run the tests that need a broker and return the exit code of pytest.

    Raises:
        EmbeddedError: there is no cluster, and none can be started; the message says why.
    """
    given = GivenCluster().address
    try:
        if given:
            _say(f"testing on Kafka at {given}")
            return await _pytest(arguments, {**kafka_variables(), TEST_VARIABLE: given})
        async with _our_own() as address:
            return await _pytest(arguments, {TEST_VARIABLE: address})
    except asyncio.CancelledError:
        return INTERRUPTED  # tests that a person ended have not passed


@asynccontextmanager
async def _our_own() -> AsyncGenerator[str]:
    with tempfile.TemporaryDirectory(prefix="agent-runtime-kafka-") as directory:
        async with running_kafka(await plain_kafka(Path(directory) / "broker")) as broker:
            _say(f"testing on Apache Kafka {VERSION}, started at {broker.bootstrap_servers}")
            yield broker.bootstrap_servers


async def _pytest(arguments: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run pytest, which is told to end when we are."""
    suites = [suite for suite in SUITES if (REPOSITORY / suite).exists()]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(Path(launch.__file__))),
        *(str(os.getpid()), str(signal.SIGTERM.value), "-1", "-1"),
        *(sys.executable, "-m", "pytest", "-p", "tests.support.kafka.selection"),
        *(*suites, "--ignore", LEFT_OUT, *arguments),
        cwd=REPOSITORY,
        env={**service_environment({}), **variables},
        start_new_session=True,  # Ctrl-C in a terminal reaches us only
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.wait()
        raise


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
