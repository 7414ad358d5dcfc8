# SPDX-License-Identifier: Apache-2.0
"""The databases of all consumers are down for a while; what comes meanwhile waits on Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from shared.events import Topics
from tests.support.chaos.accounts import ACCOUNTS, Clients, behind, until_caught_up
from tests.support.chaos.doors import Door, door
from tests.support.chaos.fleet import POSTGRES, VALKEY, Fleet
from tests.support.chaos.topics import all_records, ends_of, lag
from tests.support.conversations import conversation
from tests.support.eventually import eventually
from tests.support.running_service import send

CONSUMERS = tuple(ACCOUNTS)
SESSIONS = 20
PATIENCE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Idling:
    """What a consumer did while its database was down."""

    service: str
    cpu_seconds: float
    wall_seconds: float
    same_process: bool


@dataclass(slots=True, kw_only=True)
class OutageReport:
    """What came of it; ``problems`` are sentences."""

    knocks: Mapping[str, int] = field(default_factory=dict[str, int])
    idling: list[Idling] = field(default_factory=list[Idling])
    events: int = 0
    dead_letters: int = 0
    problems: list[str] = field(default_factory=list[str])


async def survive_outage(fleet: Fleet, *, seconds: float, knocks: int) -> OutageReport:
    """Stop the databases for so long, and until each was asked for so often; then judge."""
    report = OutageReport()
    sessions = {f"before-{number}": 0 for number in range(SESSIONS)}
    await _send(fleet, sessions)
    clients = Clients(fleet.urls)
    try:
        await until_caught_up(clients, sessions, patience=PATIENCE)
        async with _without_databases(fleet) as doors:
            later = {f"meanwhile-{number}": 0 for number in range(SESSIONS)}
            await _send(fleet, later)
            await eventually(lambda: _all_paused(fleet), timeout=PATIENCE)
            report.idling = await _watch(fleet, doors, seconds=seconds, knocks=knocks)
            report.knocks = {name: each.knocks for name, each in doors.items()}
        sessions |= later
        await _judge(fleet, clients, sessions, report)
    finally:
        await clients.close()
    return report


async def _send(fleet: Fleet, sessions: dict[str, int]) -> None:
    """Write a conversation for each session, and note how many events it has."""
    for session_id in sessions:
        events = conversation(session_id)
        sessions[session_id] = len(events)
        await send(fleet.kafka, events)


@asynccontextmanager
async def _without_databases(fleet: Fleet) -> AsyncGenerator[dict[str, Door]]:
    servers = {POSTGRES: fleet.foundation.servers.postgres, VALKEY: fleet.foundation.servers.valkey}
    for name in servers:
        await fleet.stop_server(name)
    async with AsyncExitStack() as doors:
        yield {
            name: await doors.enter_async_context(door(server.port))
            for name, server in servers.items()
        }
    for name in servers:
        await fleet.start_server(name)


async def _all_paused(fleet: Fleet) -> bool:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        answers = [await client.get(f"{fleet.of(each)[0].url}/readyz") for each in CONSUMERS]
    return all("paused" in answer.text for answer in answers)


async def _watch(
    fleet: Fleet, doors: Mapping[str, Door], *, seconds: float, knocks: int
) -> list[Idling]:
    loop = asyncio.get_running_loop()
    processes = {each: psutil.Process(fleet.of(each)[0].pid) for each in CONSUMERS}
    began, before = loop.time(), {name: _cpu(each) for name, each in processes.items()}
    heard = {name: each.knocks for name, each in doors.items()}

    def over() -> bool:
        enough = all(each.knocks - heard[name] >= knocks for name, each in doors.items())
        return enough and loop.time() - began >= seconds

    await eventually(over, timeout=seconds + PATIENCE)
    return [
        Idling(
            service=name,
            cpu_seconds=_cpu(process) - before[name],
            wall_seconds=loop.time() - began,
            same_process=fleet.of(name)[0].pid == process.pid,
        )
        for name, process in processes.items()
    ]


def _cpu(process: psutil.Process) -> float:
    times: Any = process.cpu_times()
    return float(times.user + times.system)


async def _judge(
    fleet: Fleet, clients: Clients, sessions: Mapping[str, int], report: OutageReport
) -> None:
    accounts = await until_caught_up(clients, sessions, patience=PATIENCE)
    report.events = sum(sessions.values())
    report.problems += behind(sessions, accounts)
    report.problems += [
        f"{each.service} was started again" for each in report.idling if not each.same_process
    ]
    topics = Topics(fleet.kafka.topic_prefix)
    report.dead_letters = len(await all_records(fleet.kafka, [topics.dead_letters]))
    if report.dead_letters:
        report.problems.append(f"{report.dead_letters} records were dead-lettered")
    ends = ends_of(await all_records(fleet.kafka, [topics.domain, topics.infrastructure]))
    for service in CONSUMERS:

        async def finished(service: str = service) -> bool:
            return not await lag(fleet.kafka, service, ends)

        await eventually(finished, timeout=PATIENCE, message=f"{service} has not committed all")
