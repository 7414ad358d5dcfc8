# SPDX-License-Identifier: Apache-2.0
import os
import socket
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.exceptions import AuthenticationError

from deploy.embedded.child import Child, ChildSpec
from deploy.embedded.errors import PortBusyError, StartupError, StateDirectoryError
from deploy.embedded.identity import unprivileged
from deploy.embedded.ports import HOST, free_port, is_free
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.server import EmbeddedServer
from deploy.embedded.servers import EmbeddedServers, ServerPorts
from deploy.embedded.sql import connected
from deploy.embedded.valkey import EmbeddedValkey
from tests.support.embedded.processes import all_gone, ask, family
from tests.support.redis_client import redis_client

pytestmark = pytest.mark.connected


@pytest.fixture
def our_servers(tmp_path: Path) -> EmbeddedServers:
    return EmbeddedServers(tmp_path / "servers", logs=tmp_path)


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncGenerator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / "valkey", log_path=tmp_path / "valkey.log")
    yield server
    await server.stop()


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncGenerator[EmbeddedPostgres]:
    server = EmbeddedPostgres(
        tmp_path / "postgres", log_path=tmp_path / "postgres.log", durable=False
    )
    yield server
    await server.stop()


@pytest.fixture
def sleeper(tmp_path: Path) -> ChildSpec:
    log = tmp_path / "sleeper.log"
    return ChildSpec(name="sleeper", command=("/bin/sleep", "600"), log_path=log)


def _processes(*servers: EmbeddedServer) -> list[psutil.Process]:
    return [process for server in servers for process in family(server.pid or 0)]


async def test_they_start_and_stop_and_leave_no_process(our_servers: EmbeddedServers) -> None:
    await our_servers.start()
    processes = _processes(*our_servers.all)
    ports = [server.port for server in our_servers.all]

    await our_servers.stop()

    assert len(processes) > len(our_servers.all)  # PostgreSQL is several
    await all_gone(processes)
    assert all(is_free(port) for port in ports)


async def test_data_survive_a_restart_and_ports_stay(our_servers: EmbeddedServers) -> None:
    await our_servers.start()
    ports = [server.port for server in our_servers.all]
    async with connected(our_servers.postgres.admin_url) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    async with redis_client(our_servers.valkey.url) as redis:
        await redis.set("answer", 42)

    await our_servers.stop()
    await our_servers.start()

    assert [server.port for server in our_servers.all] == ports
    async with connected(our_servers.postgres.admin_url) as connection:
        assert await connection.fetchval("SELECT answer FROM kept") == 42
    async with redis_client(our_servers.valkey.url) as redis:
        assert await redis.get("answer") == b"42"
    await our_servers.stop()


async def test_every_start_of_the_broker_is_a_new_cluster(our_servers: EmbeddedServers) -> None:
    broker = our_servers.broker
    await broker.start()
    first = broker.cluster_id

    await broker.stop()
    await broker.start()

    assert broker.cluster_id != first
    await broker.stop()


async def test_committed_data_survive_a_crash(postgres: EmbeddedPostgres) -> None:
    await postgres.start()
    async with connected(postgres.admin_url) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    processes = _processes(postgres)

    postgres.kill()
    await postgres.wait()
    await postgres.start()

    await all_gone(processes)
    async with connected(postgres.admin_url) as connection:
        assert await connection.fetchval("SELECT answer FROM kept") == 42


async def test_with_durability_postgres_waits_for_the_disk(our_servers: EmbeddedServers) -> None:
    await our_servers.start()

    async with connected(our_servers.postgres.admin_url) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes")
        settings = [await connection.fetchval(f"SHOW {name}") for name in names]
    async with redis_client(our_servers.valkey.url) as redis:
        appendonly = await redis.config_get("appendonly")

    assert settings == ["on", "on", "on"]
    assert appendonly == {"appendonly": "yes"}
    await our_servers.stop()


async def test_no_server_lets_anybody_in_without_a_password(our_servers: EmbeddedServers) -> None:
    await our_servers.start()

    with pytest.raises(asyncpg.InvalidPasswordError):
        async with connected(our_servers.postgres.url("postgres", "guessed")):
            pass
    async with redis_client(f"redis://{HOST}:{our_servers.valkey.port}/0") as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()
    await our_servers.stop()


async def test_servers_listen_on_loopback_only(our_servers: EmbeddedServers) -> None:
    await our_servers.start()
    processes = _processes(*our_servers.all)

    connections = ask(processes, lambda process: process.net_connections("tcp"))

    listening = [c for each in connections for c in each if c.status == psutil.CONN_LISTEN]
    assert {connection.laddr.ip for connection in listening} == {HOST}
    await our_servers.stop()


async def test_no_password_is_on_a_command_line(our_servers: EmbeddedServers) -> None:
    await our_servers.start()
    processes = _processes(*our_servers.all)
    commands = ask(processes, lambda process: " ".join(process.cmdline()))
    files = [server.directory / "password" for server in (our_servers.postgres, our_servers.valkey)]

    assert not [c for c in commands for f in files if f.read_text() in c]
    assert [f.stat().st_mode & 0o777 for f in files] == [0o600, 0o600]
    await our_servers.stop()


async def test_postgres_does_not_run_as_root(postgres: EmbeddedPostgres) -> None:
    await postgres.start()

    users = ask(_processes(postgres), lambda process: process.uids().effective)

    assert users
    assert 0 not in users
    assert postgres.directory.stat().st_uid == os.getuid()


async def test_a_busy_port_is_a_line_and_leaves_no_process(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        busy = listener.getsockname()[1]
        servers = EmbeddedServers(
            tmp_path, logs=tmp_path, ports=ServerPorts(valkey=busy), durable=False
        )

        with pytest.raises(PortBusyError, match=f"port {busy} for Valkey is in use by another"):
            await servers.start()

    assert [server.pid for server in servers.all] == [None, None, None]
    assert not psutil.Process().children(recursive=True)


async def test_a_port_that_is_taken_while_it_starts_is_replaced(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        busy = listener.getsockname()[1]
        ports = iter([busy, free_port()])
        monkeypatch.setattr("deploy.embedded.server.free_port", lambda: next(ports))

        await valkey.start()

    assert valkey.port != busy


async def test_a_server_that_ends_at_start_is_a_line_with_its_last_words(
    valkey: EmbeddedValkey,
) -> None:
    (valkey.directory / "appendonlydir").mkdir(parents=True)
    manifest = valkey.directory / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("not a manifest\n")

    with pytest.raises(
        StartupError, match=r"^Valkey ended while it was starting: .*see .*log"
    ) as e:
        await valkey.start()

    assert "\n" not in str(e.value)
    assert valkey.pid is None


async def test_a_lost_password_is_a_line_that_says_what_to_do(postgres: EmbeddedPostgres) -> None:
    await postgres.start()
    await postgres.stop()
    (postgres.directory / "password").unlink()

    with pytest.raises(StartupError, match="is not that of the data beside it: restore that file"):
        await postgres.start()

    assert postgres.pid is None


async def test_data_of_another_version_is_a_line_that_says_what_to_do(
    postgres: EmbeddedPostgres,
) -> None:
    data = postgres.directory / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")

    with pytest.raises(StateDirectoryError, match="is of PostgreSQL 15, not 18: choose another"):
        await postgres.start()


async def test_an_interrupted_initdb_is_done_again(postgres: EmbeddedPostgres) -> None:
    draft = postgres.directory / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")

    await postgres.start()

    assert postgres.pid
    assert not draft.exists()


async def test_a_stale_pid_file_that_names_a_living_process_is_no_obstacle(
    postgres: EmbeddedPostgres, sleeper: ChildSpec
) -> None:
    await postgres.start()
    await postgres.stop()
    data = postgres.directory / "data"
    other = Child(replace(sleeper, identity=unprivileged(data)))  # PostgreSQL sees its own only
    await other.start()
    (data / "postmaster.pid").write_text(f"{other.pid}\n")

    await postgres.start()

    assert postgres.pid
    await other.stop()


async def test_it_does_not_start_beside_what_a_crash_left_running(
    valkey: EmbeddedValkey, sleeper: ChildSpec
) -> None:
    await valkey.start()
    left = Child(replace(sleeper, inherited=(valkey.lock.descriptor,)))
    await left.start()
    valkey.kill()
    await valkey.wait()

    valkey.patience = timedelta(milliseconds=50)
    with pytest.raises(StateDirectoryError, match="is still in use by another process: stop that"):
        await valkey.start()

    await left.stop()
    valkey.patience = timedelta(seconds=30)
    await valkey.start()
    assert valkey.pid
