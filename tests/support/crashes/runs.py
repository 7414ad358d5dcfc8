# SPDX-License-Identifier: Apache-2.0
"""Conversations held by one replica after the other, each of which may be killed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.support.crashes.tools import Journal
from tests.support.openai_server import OpenAIServer, Reply, Request

LEASE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class Kill:
    """Where a replica ends: at a place that it comes to, or while a request is being answered."""

    place: int | str | None = None
    request: int | None = None


@dataclass(slots=True)
class Run:
    """A conversation that came to its end."""

    name: str
    directory: Path
    kills: int
    requests: list[bytes]
    """All that the provider was asked, in order."""
    places: int
    """How many places the last replica came to."""

    @property
    def journal(self) -> list[str]:
        """The effects that the counting tools had."""
        return Journal(self.directory / "journal").lines()

    @property
    def killed_at(self) -> list[str]:
        """The places at which replicas ended."""
        log = self.directory / "log"
        return log.read_text().splitlines() if log.exists() else []


@dataclass(slots=True)
class Conversations:
    """Holds conversations on replicas that it starts one after the other."""

    process: asyncio.subprocess.Process
    provider: OpenAIServer
    database_url: str
    agents: Path
    answer: Any
    _kill_at_request: int | None = None
    _asked: int = 0
    _pid: int | None = None
    _started: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def hold(
        self,
        name: str,
        messages: Sequence[str],
        directory: Path,
        *,
        kills: Sequence[Kill] = (),
        decision: Literal["approve", "reject", ""] = "approve",
    ) -> Run:
        """Hold a conversation; the first replicas end at ``kills``, the last one finishes it.

        ``decision`` is what a person says to every question; without one it stays open.
        """
        await asyncio.to_thread(directory.mkdir, exist_ok=True)
        before = len(self.provider.bodies)
        self.provider.respond = self._respond
        killed = 0
        for kill in (*kills, Kill()):
            status = await self._replica(name, messages, directory, kill, decision=decision)
            assert status in {0, -signal.SIGKILL}, f"a replica ended with status {status}"
            if status == 0:
                break
            killed += 1
        return Run(
            name=name,
            directory=directory,
            kills=killed,
            requests=self.provider.bodies[before:],
            places=int((directory / "count").read_text()),
        )

    async def _replica(
        self, name: str, messages: Sequence[str], directory: Path, kill: Kill, *, decision: str
    ) -> int:
        spec = {
            "name": name,
            "messages": list(messages),
            "decision": decision,
            "database": self.database_url,
            "provider": self.provider.base_url,
            "agents": str(self.agents),
            "workspaces": str(directory / "workspaces"),
            "journal": str(directory / "journal"),
            "log": str(directory / "log"),
            "count": str(directory / "count"),
            "kill_at": kill.place,
            "lease": LEASE_SECONDS,
        }
        assert self.process.stdin is not None
        self._asked, self._kill_at_request = 0, kill.request
        self.process.stdin.write(json.dumps(spec).encode() + b"\n")
        self._pid = int((await self._line()).removeprefix("pid "))
        return int((await self._line()).removeprefix("ended "))

    async def _line(self) -> str:
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode().strip()
        assert line, "the program that forks replicas has ended"
        return line

    def _respond(self, request: Request) -> Reply:
        """Answer in the thread of the server, or end the replica that asked."""
        self._asked += 1
        if self._asked == self._kill_at_request and self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
        reply: Reply = self.answer(request)
        return reply


@asynccontextmanager
async def conversations(
    provider: OpenAIServer, database_url: str, agents: Path, answer: Any
) -> AsyncGenerator[Conversations]:
    """Have a program ready that forks replicas; ``answer`` is what the model says to a request."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.crashes.replica",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Conversations(process, provider, database_url, agents, answer)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
