# SPDX-License-Identifier: Apache-2.0
"""Claims turns and runs them; several replicas share the work by leases."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from datetime import timedelta

from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.signals import CHANNEL
from services.orchestrator.store.turns import claim_turns, release_leases, renew_leases
from services.orchestrator.turns.client_answers import expire_client_calls
from services.orchestrator.turns.expiring import expire_approvals
from services.orchestrator.turns.finished import FinishedTurns
from services.orchestrator.turns.idling import expire_sessions
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from services.orchestrator.turns.runner import TurnRunner
from shared.errors import DependencyDownError
from shared.health import Readiness
from shared.messaging.guard import PROBING
from shared.notifications import Notifications

logger = logging.getLogger(__name__)

RENEWALS = 4
"""How often a lease is renewed before it would run out."""

FINISH = timedelta(seconds=5)


class TurnEngine:
    """Runs the turns of all sessions, at most ``capacity`` at a time in this process."""

    name = "turns"

    def __init__(self, resources: Resources, *, finished: FinishedTurns) -> None:
        self._resources = resources
        self._runner = TurnRunner(resources)
        self._lease = resources.settings.turn_lease
        self._renewal = self._lease / RENEWALS
        self._finished = finished
        self._running: dict[str, asyncio.Task[None]] = {}
        self._expected: set[str] = set()
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False
        self._down: str | None = None
        resources.telemetry.instruments.turns_running.track(lambda: len(self._running))
        self._signals = Notifications(resources.work.database, {CHANNEL: self._hear})

    @property
    def room(self) -> int:
        """How many more turns this process can take now; none once it stops."""
        if self._stopping or not self._loops:
            return 0
        return max(0, self._resources.settings.turn_capacity - len(self._running))

    def take(self, begun: Progress) -> None:
        """Run a turn that was leased to this replica when it was accepted."""
        self._start(begun.turn, resumed=False, begun=begun)

    @contextlib.contextmanager
    def expecting(self, turn_id: str) -> Generator[None]:
        """Leave a turn alone that is being accepted here, until it is taken or not at all."""
        self._expected.add(turn_id)
        try:
            yield
        finally:
            self._expected.discard(turn_id)

    def look(self) -> None:
        """Look for turns now rather than in a while."""
        self._wake.set()

    def stop_turns(self, turn_ids: Sequence[str]) -> None:
        """Stop working on turns that were cancelled: a call of a model or tool is cut off."""
        for turn_id in turn_ids:
            if turn_id in self._running:
                self._running[turn_id].cancel()

    def _hear(self, turn_id: str) -> None:
        """Do what another replica announced: stop that turn, or look for work."""
        if turn_id:
            self.stop_turns([turn_id])
        else:
            self.look()

    async def start(self) -> None:
        """Begin to claim turns, first of all those that a crash left behind."""
        self._loops = [
            asyncio.create_task(
                self._forever(self._signals.listen, self._renewal), name="hear signals"
            ),
            asyncio.create_task(self._forever(self._claim, self._renewal / 4), name="claim turns"),
            asyncio.create_task(self._forever(self._keep, self._renewal), name="renew leases"),
        ]

    async def stop(self) -> None:
        """Let running turns finish for a moment; what is left, another replica resumes."""
        self._stopping = True
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._signals.close()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=FINISH.total_seconds())
        left = list(self._running.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            async with self._resources.work.database.begin() as connection:
                await release_leases(connection, owner=self._resources.owner)

    async def readiness(self) -> Readiness:
        """Tell whether turns make progress."""
        if self._down:
            return Readiness(ready=False, reason=self._down)
        return Readiness(ready=bool(self._loops), reason="" if self._loops else "not started")

    async def _forever(self, work: Callable[[], Awaitable[None]], pause: timedelta) -> None:
        failures = 0
        while True:
            try:
                await work()
                failures, self._down = 0, None
                delay = pause
            except DependencyDownError as error:
                failures += 1
                self._down = str(error)
                delay = PROBING.delay(attempt=failures)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay.total_seconds()):
                    await self._wake.wait()
            self._wake.clear()

    async def _claim(self) -> None:
        if not self.room:
            return
        async with self._resources.work.database.begin() as connection:
            claimed = await claim_turns(
                connection,
                owner=self._resources.owner,
                lease=self._lease,
                limit=self.room,
                besides=[*self._running, *self._expected],
            )
        for turn in claimed:
            self._start(turn, resumed=True)

    async def _keep(self) -> None:
        await expire_approvals(self._resources)
        await expire_client_calls(self._resources)
        await expire_sessions(self._resources)
        held = dict(self._running)
        if not held:
            return
        async with self._resources.work.database.begin() as connection:
            kept = await renew_leases(
                connection, list(held), owner=self._resources.owner, lease=self._lease
            )
        for turn_id in held.keys() - kept:
            held[turn_id].cancel()

    def _start(self, turn: Turn, *, resumed: bool, begun: Progress | None = None) -> None:
        work = self._run(turn, resumed=resumed, begun=begun)
        task = asyncio.create_task(work, name=f"turn {turn.id}")
        self._running[turn.id] = task

    async def _run(self, turn: Turn, *, resumed: bool, begun: Progress | None) -> None:
        try:
            await self._run_through_outages(turn, resumed=resumed, begun=begun)
        except Exception:  # the lease runs out, and whoever takes the turn then goes on with it
            logger.exception("turn is left to be taken again", extra={"turn_id": turn.id})
        finally:
            self._running.pop(turn.id, None)
            self._finished.tell(turn.id)
            self._wake.set()

    async def _run_through_outages(
        self, turn: Turn, *, resumed: bool, begun: Progress | None
    ) -> None:
        """Run the turn again from what is recorded, for as long as the database comes and goes."""
        failures = 0
        while True:
            try:
                await self._runner.run(turn, resumed=resumed, begun=begun)
            except DependencyDownError as error:
                failures, resumed, begun = failures + 1, True, None
                logger.warning("turn waits", extra={"turn_id": turn.id, "reason": str(error)})
                await asyncio.sleep(PROBING.delay(attempt=failures).total_seconds())
            else:
                return
