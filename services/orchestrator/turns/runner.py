# SPDX-License-Identifier: Apache-2.0
"""Works on one turn until it has ended, waits for a person, or belongs to another replica.

Whatever a step gave is recorded before the next one begins, and the next one is decided from what
is recorded alone. So it makes no difference whether the same process goes on or another one.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from opentelemetry.context import Context

from services.orchestrator.agents import Agent
from services.orchestrator.domain.turn import (
    AskModel,
    CallTools,
    Turn,
    TurnState,
)
from services.orchestrator.turns.answering import record_answer
from services.orchestrator.turns.asking import NoAnswerError, ask
from services.orchestrator.turns.closing import exceed_budget
from services.orchestrator.turns.continuing import continue_turn
from services.orchestrator.turns.executing import CallRunner
from services.orchestrator.turns.giving_up import give_up
from services.orchestrator.turns.ledger import LeaseLostError, TurnLedger
from services.orchestrator.turns.opening import begin_turn
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from shared.correlation import EventCorrelation
from shared.errors import DependencyDownError
from shared.telemetry.genai import invoke_agent
from shared.telemetry.propagation import extract

logger = logging.getLogger(__name__)


class TurnRunner:
    """Runs turns that this replica has the lease of."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._ledger = TurnLedger(resources.work, owner=resources.owner)
        self._calls = CallRunner(resources, self._ledger)

    async def run(self, turn: Turn, *, resumed: bool, begun: Progress | None = None) -> None:
        """Work on the turn, in the trace of the request that brought it.

        ``begun`` is how far it has come if this process has just recorded that itself.

        Raises:
            DependencyDownError: the database cannot be reached; what was done is recorded.
        """
        trace = extract([("traceparent", turn.trace.encode())]) if turn.trace else Context()
        with (
            EventCorrelation.scope(turn.correlation_id, causation_id=turn.causation_id),
            self._resources.telemetry.tracing.span(
                "turn",
                parent=trace,
                attributes={"session.id": turn.session_id, "agent_runtime.turn.id": turn.id},
            ),
        ):
            try:
                await self._run(turn, resumed=resumed, begun=begun)
            except LeaseLostError:
                logger.info("turn is no longer ours", extra={"turn_id": turn.id})

    async def _run(self, turn: Turn, *, resumed: bool, begun: Progress | None) -> None:
        if begun:
            progress = await self._ledger.with_history(begun)
        else:
            progress = await self._ledger.progress(turn)
        if progress.turn.started_at is None:
            progress = await self._guarded(self._begin, progress)
            resumed = False
        while progress.turn.state is TurnState.RUNNING:
            agent = progress.turn.agent
            with invoke_agent(self._resources.telemetry.tracing, agent, session_id=turn.session_id):
                while progress.turn.agent == agent and progress.turn.state is TurnState.RUNNING:
                    step = partial(self._step, resumed=resumed)
                    progress = await self._guarded(step, progress)
                    resumed = False

    async def _begin(self, progress: Progress) -> Progress:
        async with self._ledger.record(progress) as work:
            agent = self._resources.agent(work.session.agent, model=work.turn.model)
            breach = await begin_turn(self._resources, work, agent)
            if breach:
                await exceed_budget(work, breach)
        return work.progress

    async def _guarded(
        self, step: Callable[[Progress], Awaitable[Progress]], progress: Progress
    ) -> Progress:
        """Take a step of the turn; one that cannot be taken ends it, and is recorded as its end."""
        try:
            return await step(progress)
        except (LeaseLostError, DependencyDownError):
            raise
        except NoAnswerError as error:
            return await give_up(self._resources, self._ledger, progress, error)
        except Exception as error:
            logger.exception("turn failed", extra={"turn_id": progress.turn.id})
            return await give_up(self._resources, self._ledger, progress, error)

    async def _step(self, progress: Progress, *, resumed: bool) -> Progress:
        match progress.next_move:
            case AskModel():
                return await self._ask(progress, resumed=resumed)
            case CallTools(call_ids=call_ids):
                effect = next(e for e in progress.effects if e.call_id == call_ids[0])
                return await self._calls.run(progress, effect, resumed=resumed)
            case _:
                return await self._continue(progress)

    async def _ask(self, progress: Progress, *, resumed: bool) -> Progress:
        agent = self._agent(progress.turn)
        if resumed:
            progress = await self._reserve_again(progress, agent)
            if progress.turn.state.ended:
                return progress
        answer = await ask(self._resources, progress, agent)
        return await record_answer(self._resources, self._ledger, progress, answer)

    async def _reserve_again(self, progress: Progress, agent: Agent) -> Progress:
        """Set aside another model call for one that was cut off; or end the turn at a limit."""
        async with self._ledger.record(progress) as work:
            breach = self._resources.budgets.reserve_model_call(work.work, work.turn, agent)
            if breach:
                await exceed_budget(work, breach)
        return work.progress

    def _agent(self, turn: Turn) -> Agent:
        return self._resources.agent(turn.agent, model=turn.model)

    async def _continue(self, progress: Progress) -> Progress:
        async with self._ledger.record(progress) as work:
            await continue_turn(self._resources, work)
        return work.progress
