# SPDX-License-Identifier: Apache-2.0
"""Makes one call that the ledger holds, and records what came of it."""

import asyncio

from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.tools import (
    ToolContext,
    ToolError,
    ToolOutcomeUnknown,
    ToolThreads,
    execute,
    reconcile,
)
from services.orchestrator.turns.budgets import ONE_TOOL_CALL
from services.orchestrator.turns.closing import storable
from services.orchestrator.turns.consent import OUTCOME, ask_person, policy_of, question
from services.orchestrator.turns.continuing import continue_turn
from services.orchestrator.turns.ledger import TurnLedger
from services.orchestrator.turns.outcomes import call_outcome
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from shared.telemetry.genai import execute_tool


class _AskPersonError(Exception):
    """Whether a call had its effect can be told by nobody but a person."""


class CallRunner:
    """Makes the pending calls of a turn, one after the other."""

    def __init__(self, resources: Resources, ledger: TurnLedger) -> None:
        self._resources = resources
        self._ledger = ledger
        self._threads = ToolThreads()

    async def run(self, progress: Progress, effect: Effect, *, resumed: bool) -> Progress:
        """Make the call; of one that a crash cut off, find out first whether it may be repeated.

        Raises:
            LeaseLostError: the turn is no longer this replica's.
        """
        if effect.started_at is None:
            async with self._ledger.record(progress) as work:
                await continue_turn(self._resources, work)
            return work.progress
        began = asyncio.get_running_loop().time()
        try:
            content = await self._outcome_before(progress, effect) if resumed else None
            if content is None:
                content = await self._call(progress, effect)
        except _AskPersonError:
            return await self._ask_person(progress, effect)
        except ToolError as error:
            state = (
                EffectState.UNKNOWN if isinstance(error, ToolOutcomeUnknown) else EffectState.FAILED
            )
            return await self._record(progress, effect, state, str(error), began, error)
        return await self._record(progress, effect, EffectState.COMMITTED, content, began)

    async def _outcome_before(self, progress: Progress, effect: Effect) -> str | None:
        """Return what a call gave that was cut off, or None if it may be made again.

        Raises:
            _AskPersonError: nobody but a person can tell.
        """
        tool = self._resources.tools.get(effect.tool)
        if tool.safety != "non_repeatable":
            return None
        try:
            found = await reconcile(tool, effect.arguments, self._context(progress, effect))
        except ToolOutcomeUnknown as error:
            raise _AskPersonError from error
        return None if found is None else storable(found.content)

    async def _ask_person(self, progress: Progress, effect: Effect) -> Progress:
        async with self._ledger.record(progress) as work:
            policy = policy_of(self._resources, work.turn, effect.agent)
            consent = policy.consent(effect.tool, effect.arguments) or OUTCOME
            asked = question(work.session, effect, policy, consent, now=work.now, kind="outcome")
            work.change_session(usage=work.session.usage.settle(ONE_TOOL_CALL, now=work.now))
            await ask_person(work, effect, asked)
            await continue_turn(self._resources, work)
        return work.progress

    async def _call(self, progress: Progress, effect: Effect) -> str:
        with execute_tool(
            self._resources.telemetry.tracing,
            effect.tool,
            call_id=effect.call_id,
            session_id=effect.session_id,
            agent=effect.agent,
            effect_id=str(effect.effect_id),
        ):
            tool = self._resources.tools.get(effect.tool)
            context = self._context(progress, effect)
            return storable((await execute(tool, effect.arguments, context)).content)

    def _context(self, progress: Progress, effect: Effect) -> ToolContext:
        resources = self._resources
        agent = resources.agents.get(effect.agent)
        left = resources.budgets.time_left(progress.session, agent)
        limit = resources.settings.tool_time_limit
        return ToolContext(
            session_id=effect.session_id,
            effect_id=effect.effect_id,
            workspace=resources.workspaces.open(effect.session_id),
            time_limit=limit if left is None else min(limit, left),
            commands=agent.commands,
            command_limits=agent.command_limits,
            threads=self._threads,
        )

    async def _record(
        self,
        progress: Progress,
        effect: Effect,
        state: EffectState,
        result: str,
        began: float,
        error: ToolError | None = None,
    ) -> Progress:
        seconds = max(0.0, asyncio.get_running_loop().time() - began)
        async with self._ledger.record(progress) as work:
            work.change_effect(effect.effect_id, state=state, result=result, ended_at=work.now)
            work.change_session(usage=work.session.usage.settle(ONE_TOOL_CALL, now=work.now))
            failure = type(error).__name__ if error else None
            await work.publish(call_outcome(effect, result, seconds, failure=failure))
            await continue_turn(self._resources, work)
        return work.progress
