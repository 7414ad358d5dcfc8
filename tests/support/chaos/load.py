# SPDX-License-Identifier: Apache-2.0
"""Clients that hold conversations, and do not give up while the system falls apart."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.ids import new_id

ATTEMPT_SECONDS = 15
WAIT_SECONDS = 5
MESSAGES_PER_SESSION = 6
COUNTER = "counter.txt"
TRY_AGAIN = frozenset({429, 502, 503, 504})

ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A message, and the turn that it became when it was accepted."""

    content: str
    turn_id: str = ""
    state: str = ""
    reply: str = ""
    error: str = ""


@dataclass(slots=True, kw_only=True)
class Talk:
    """A session as its client knows it; ``count`` is what its file ought to hold."""

    session_id: str = ""
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    count: int = 0


@dataclass(slots=True)
class Load:
    """Several clients, each with one session after another, until they are told to finish."""

    urls: Sequence[str]
    seed: int
    clients: int = 4
    pause: float = 0.4
    talks: list[Talk] = field(default_factory=list[Talk])
    attempts: int = 0
    repeated: int = 0
    problems: list[str] = field(default_factory=list[str])
    _finish: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    @property
    def accepted(self) -> int:
        """How many messages got a 2xx."""
        return sum(len(talk.exchanges) for talk in self.talks)

    def start(self) -> None:
        """Begin to talk."""
        self._tasks = [asyncio.create_task(self._run(number)) for number in range(self.clients)]

    async def finish(self) -> None:
        """Let every client end the turn it waits for."""
        self._finish.set()
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        """End all clients at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, number: int) -> None:
        rng = random.Random(f"{self.seed}/{number}")  # noqa: S311 -- it has to be repeatable
        timeout = httpx.Timeout(ATTEMPT_SECONDS)
        async with httpx.AsyncClient(timeout=timeout, trust_env=False) as http:
            while not self._finish.is_set():
                await self._talk(http, rng)

    async def _talk(self, http: httpx.AsyncClient, rng: random.Random) -> None:
        talk = Talk()
        created = await self._send(http, rng, "/v1/sessions", {"agent": "coder"})
        talk.session_id = created["id"]
        self.talks.append(talk)
        await self._say(http, rng, talk, f"Write a file {COUNTER} containing count 0 end")
        while len(talk.exchanges) < MESSAGES_PER_SESSION and not self._finish.is_set():
            await self._say(http, rng, talk, _message(talk, rng))
            await asyncio.sleep(rng.random() * 2 * self.pause)  # as people type

    async def _say(
        self, http: httpx.AsyncClient, rng: random.Random, talk: Talk, content: str
    ) -> None:
        exchange = Exchange(content=content)
        path = f"/v1/sessions/{talk.session_id}"
        turn = await self._send(http, rng, f"{path}/messages", {"content": content})
        exchange.turn_id = turn["id"]
        talk.exchanges.append(exchange)
        while turn["state"] not in ENDED:
            turn = await self._call(
                http, rng, "GET", f"{path}/turns/{turn['id']}", params={"wait": WAIT_SECONDS}
            )
        exchange.state, exchange.reply = turn["state"], turn["reply"] or ""
        exchange.error = turn["error"] or ""

    async def _send(
        self, http: httpx.AsyncClient, rng: random.Random, path: str, body: dict[str, Any]
    ) -> Any:
        key = {"Idempotency-Key": str(new_id())}
        return await self._call(http, rng, "POST", path, json=body, headers=key)

    async def _call(
        self, http: httpx.AsyncClient, rng: random.Random, method: str, path: str, **request: Any
    ) -> Any:
        """Ask any replica, again and again, until one answers."""
        while True:
            self.attempts += 1
            response = await self._attempt(http, method, rng.choice(self.urls) + path, request)
            if response is not None:
                return response.json()
            self.repeated += 1
            await asyncio.sleep(0.1 + rng.random() * 0.4)

    async def _attempt(
        self, http: httpx.AsyncClient, method: str, url: str, request: dict[str, Any]
    ) -> httpx.Response | None:
        try:
            response = await http.request(method, url, **request)
        except httpx.TransportError:
            return None
        if response.is_success:
            return response
        if response.status_code not in TRY_AGAIN:
            self.problems.append(
                f"{method} {httpx.URL(url).path} was answered {response.status_code}:"
                f" {response.text[:200]}"
            )
        return None


def _message(talk: Talk, rng: random.Random) -> str:
    choice = rng.randrange(5)
    if choice < 3:
        talk.count += 1
        return f"replace 'count {talk.count - 1} end' with 'count {talk.count} end' in {COUNTER}"
    return f"Calculate {rng.randrange(100)} * 7" if choice == 3 else f"Read {COUNTER}"
