# SPDX-License-Identifier: Apache-2.0
import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from pathlib import Path

import psutil
import pytest

from deploy.embedded.sql import connected
from shared.messaging.topics_admin import ensure_topics
from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase
from tests.support.embedded.processes import all_gone, family
from tests.support.redis_client import redis_client
from tests.support.shared_servers import REPOSITORY, shared_servers

pytestmark = pytest.mark.connected

USER = (
    "import sys, threading\n"
    "from pathlib import Path\n"
    "from tests.support.shared_servers import shared_servers\n"
    "with shared_servers(Path(sys.argv[1])) as servers:\n"
    "    print(servers.model_dump_json(), flush=True)\n"
    "    threading.Event().wait()\n"
)


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_database(turn: int, database_url: str) -> None:
    async with connected(database_url) as connection:
        await connection.execute("CREATE TABLE mine (turn int)")
        await connection.execute("INSERT INTO mine VALUES ($1)", turn)

        assert [row["turn"] for row in await connection.fetch("SELECT turn FROM mine")] == [turn]


@pytest.mark.parametrize("role", ["orchestrator", "persistence", "audit", "dead_letters"])
async def test_a_role_logs_in_and_sees_its_own_schema_only(
    role: str, migrated_database: MigratedDatabase
) -> None:
    query = "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'USAGE')"

    async with connected(migrated_database.url(role)) as connection:
        schemas = {row["nspname"] for row in await connection.fetch(query)}

    assert schemas & {"orchestrator", "persistence", "audit", "dead_letters"} == {role}


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_topics_of_its_own(turn: int, kafka_settings: KafkaSettings) -> None:
    created = await ensure_topics(kafka_settings)

    assert created
    assert all(name.startswith(kafka_settings.topic_prefix) for name in created)
    assert await ensure_topics(kafka_settings) == []


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_redis(turn: int, redis_url: str) -> None:
    async with redis_client(redis_url) as redis:
        assert await redis.keys() == []
        await redis.set("turn", turn)


@pytest.fixture
async def user(tmp_path: Path) -> AsyncGenerator[Process]:
    """Another process of a session, which uses the servers until it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", USER, str(tmp_path / "servers"), cwd=REPOSITORY, stdout=PIPE
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_servers_are_shared_and_end_after_their_last_user(
    user: Process, tmp_path: Path
) -> None:
    addresses = await _said(user)
    with shared_servers(tmp_path / "servers") as servers:
        assert servers.model_dump_json() == addresses

        user.kill()
        await user.wait()

        async with connected(servers.postgres_url) as connection:
            assert await connection.fetchval("SELECT 1") == 1

    assert _holders_of(tmp_path / "servers") == []
    assert not (tmp_path / "servers/data").exists()


async def test_servers_end_when_their_only_user_is_killed(user: Process, tmp_path: Path) -> None:
    await _said(user)
    processes = _holder_and_servers(tmp_path / "servers")
    assert len(processes) > 3

    user.kill()

    await all_gone(processes)


async def test_servers_are_started_again_after_their_holder_was_killed(
    user: Process, tmp_path: Path
) -> None:
    first = await _said(user)
    processes = _holder_and_servers(tmp_path / "servers")
    processes[0].kill()
    await all_gone(processes)

    with shared_servers(tmp_path / "servers") as servers:
        assert servers.model_dump_json() != first


async def _said(user: Process) -> str:
    assert user.stdout
    return (await user.stdout.readline()).decode().strip()


def _holders_of(directory: Path) -> list[psutil.Process]:
    command = ["tests.support.server_holder", str(directory)]
    everybody = psutil.process_iter(["cmdline"])
    return [process for process in everybody if (process.info["cmdline"] or [])[-2:] == command]


def _holder_and_servers(directory: Path) -> list[psutil.Process]:
    return [member for holder in _holders_of(directory) for member in family(holder.pid)]
