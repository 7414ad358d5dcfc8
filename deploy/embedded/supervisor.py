# SPDX-License-Identifier: Apache-2.0
"""Keeps programs running: what ends by itself is reported and started again, up to a limit."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from signal import Signals
from typing import NoReturn, Protocol

from deploy.embedded.errors import EmbeddedError, RepeatedCrashError
from deploy.embedded.together import together
from shared.retry import RetryPolicy

RESTARTS = RetryPolicy(
    initial_delay=timedelta(seconds=0.5), max_delay=timedelta(seconds=8), max_attempts=5
)


class Program(Protocol):
    """What can be kept running."""

    @property
    def name(self) -> str:
        """How people know it."""
        ...

    async def start(self) -> None:
        """Start it.

        Raises:
            EmbeddedError: it cannot be started.
        """
        ...

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code (negative: a signal)."""
        ...

    async def stop(self) -> None:
        """End it and return when it is gone."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def last_words(self) -> str:
        """Return the last error line that it wrote."""
        ...


class Supervisor:
    """Runs programs until told to stop.

    A program that ends by itself is started again after the delay of ``policy``. When it has ended
    ``policy.max_attempts`` times without running for ``calm`` in between, ``failure`` raises.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        report: Callable[[str], None],
        policy: RetryPolicy = RESTARTS,
        calm: timedelta = timedelta(minutes=1),
    ) -> None:
        self._programs = {program.name: program for program in programs}
        self._report = report
        self._policy = policy
        self._calm = calm
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._failed = asyncio.Event()
        self._failure = ""

    async def start(self) -> None:
        """Start all programs, or leave none running.

        Raises:
            EmbeddedError: one of them cannot be started.
        """
        try:
            await together(*(self.start_one(name) for name in self._programs))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all programs at the same time and return when they are gone."""
        await together(*(self.stop_one(name) for name in self._programs))

    async def start_one(self, name: str) -> None:
        """Start a program and keep it running.

        Raises:
            EmbeddedError: it cannot be started.
        """
        program = self._programs[name]
        await program.start()
        self._watchers[name] = asyncio.create_task(self._watch(program), name=f"watch {name}")

    async def stop_one(self, name: str) -> None:
        """End a program; it stays down until it is started again."""
        if watcher := self._watchers.pop(name, None):
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        await self._programs[name].stop()

    def kill_one(self, name: str) -> None:
        """End a program at once, as a crash would; unless it is being stopped, it is restarted."""
        self._programs[name].kill()

    def kill(self) -> None:
        """End all programs at once."""
        for name in self._programs:
            self.kill_one(name)

    async def failure(self) -> NoReturn:
        """Wait until a program cannot be kept running.

        Raises:
            RepeatedCrashError: always; the message says which one, and its last error.
        """
        await self._failed.wait()
        raise RepeatedCrashError(self._failure)

    async def _watch(self, program: Program) -> None:
        crashes = 0
        problem = await self._end_of(program)
        while (crashes := crashes + 1) < self._policy.max_attempts:
            delay = self._policy.delay(attempt=crashes).total_seconds()
            self._report(f"{program.name} {problem}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            began = self._now()
            problem = await self._run_again(program)
            if self._now() - began > self._calm.total_seconds():
                crashes = 0
        self._failure = f"{program.name} {problem}; it did so {crashes} times, so everything stops"
        self._failed.set()

    async def _run_again(self, program: Program) -> str:
        try:
            await program.start()
        except (EmbeddedError, OSError) as error:
            return f"cannot be started: {error}"
        return await self._end_of(program)

    async def _end_of(self, program: Program) -> str:
        """Wait until a program ends by itself, and say how it did."""
        code = await program.wait()
        how = f"with exit code {code}" if code >= 0 else f"by {Signals(-code).name}"
        return ": ".join(filter(None, (f"ended {how}", program.last_words())))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
