# SPDX-License-Identifier: Apache-2.0
"""The embedded stack as a whole: until it is ready, until an event is everywhere, and its memory.

The peers are the limits of the design.
"""

import asyncio
import random
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import httpx
import psutil

from deploy.embedded.addresses import StackAddresses
from deploy.embedded.options import Ports, StackOptions
from deploy.embedded.sql import connected
from deploy.embedded.stack import running_stack
from tests.performance.bench import Bench
from tests.performance.line import Line
from tests.performance.probing import stores_of

CONSUMERS = ("persistence", "audit", "metrics", "agent_context", "dead_letters")
EVENTS_EACH_SECOND = 200
EVENTS_OF_A_TURN = 9
EVENTS_OF_A_PROBE = EVENTS_OF_A_TURN + 2
TALKS = 16
PROBES = 250
PROBES_EACH_SECOND = 4
MEBIBYTE = 1024 * 1024


async def stack(_: Bench) -> Sequence[Line]:
    """Measure one stack: its start, 250 events on their way, and what each consumer takes then."""
    with tempfile.TemporaryDirectory(prefix="bench-stack-") as directory:
        options = StackOptions(state_dir=Path(directory) / "state", ports=Ports.AUTO)
        began = perf_counter()
        async with running_stack(options) as running:
            ready = perf_counter() - began
            times, rate = await _until_everywhere(running.addresses)
            memory = _largest_consumer()
    percents = quantiles(times, n=100)
    what = f"accepted to visible in all consumers, {rate:.0f} events/s"
    return [
        _limited("embedded stack to ready", ready, 10),
        _limited(f"{what}, p50", percents[49], 0.015),
        _limited(f"{what}, p99", percents[98], 0.060),
        Line(
            what="memory of the largest consumer",
            unit="MiB",
            ours=memory,
            peer_name="limit",
            peer=120,
            ratio=120 / memory,
            bar=1,
        ),
    ]


def _limited(what: str, seconds: float, limit: float) -> Line:
    return Line.of_times(what, ours=seconds, peer_name="limit", peer=limit, bar=1)


async def _until_everywhere(addresses: StackAddresses) -> tuple[list[float], float]:
    """Return how long each probe took under load, and how many events there were in a second."""
    url = f"{addresses.services['orchestrator']}/v1"
    async with (
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
        stores_of(addresses) as stores,
        _load(http),
    ):
        before, began = await _events(addresses), perf_counter()
        times: list[float] = []
        for _ in range(PROBES):
            session = (await http.post("/sessions", json={"agent": "coder"})).json()
            path = f"/sessions/{session['id']}/messages"
            (await http.post(path, json={"content": "hello"})).raise_for_status()
            accepted = perf_counter()
            times.append(
                await stores.visible(session["id"], session["last_sequence"] + 1) - accepted
            )
            await asyncio.sleep(1 / PROBES_EACH_SECOND)
        events, seconds = await _events(addresses) - before, perf_counter() - began
    return times, events / seconds


@asynccontextmanager
async def _load(http: httpx.AsyncClient) -> AsyncGenerator[None]:
    """Keep conversations going meanwhile, at the pace of the design and not in step."""
    others = EVENTS_EACH_SECOND - PROBES_EACH_SECOND * EVENTS_OF_A_PROBE
    pause = TALKS * EVENTS_OF_A_TURN / others
    talks = [asyncio.create_task(_talk(http, pause)) for _ in range(TALKS)]
    await asyncio.sleep(2 * pause)
    try:
        yield
    finally:
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _talk(http: httpx.AsyncClient, pause: float) -> None:
    session = (await http.post("/sessions", json={"agent": "coder"})).json()
    await asyncio.sleep(random.random() * pause)  # noqa: S311 -- a pace, no secret
    while True:
        await http.post(f"/sessions/{session['id']}/messages", json={"content": "hello"})
        await asyncio.sleep(pause)


async def _events(addresses: StackAddresses) -> int:
    async with connected(addresses.database_urls["postgres"]) as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM orchestrator.outbox")
    return count


def _largest_consumer() -> float:
    """Return the MiB of the largest consumer, with the pages that it shares with others."""
    own = psutil.Process().children(recursive=True)
    sizes = [each.memory_info().rss for each in own if each.name() in CONSUMERS]
    assert len(sizes) == len(CONSUMERS)
    return max(sizes) / MEBIBYTE
