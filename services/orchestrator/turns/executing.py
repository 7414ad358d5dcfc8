# SPDX-License-Identifier: Apache-2.0
"""Makes one call that the ledger holds, and records what came of it."""

import asyncio

from services.orchestrator.domain.turn import Turn
from services.orchestrator.store.effects import Effect, EffectState
from services.orchestrator.tools import ToolContext, ToolError, ToolOutcomeUnknown, execute
from services.orchestrator.turns.budgets import ONE_TOOL_CALL
from services.orchestrator.turns.closing import storable
from services.orchestrator.turns.continuing import continue_turn, start_call
from services.orchestrator.turns.ledger import TurnLedger
from services.orchestrator.turns.progress import Progress
from services.orchestrator.turns.resources import Resources
from shared.events import Event, ToolExecutedEvent, ToolExecutionFailedEvent
from shared.telemetry.genai import execute_tool

MAX_ERROR = 1000


class CallRunner:
    """Makes the pending calls of a turn, one after the other."""

    def __init__(self, resources: Resources, ledger: TurnLedger) -> None:
        self._resources = resources
        self._ledger = ledger

    async def run(self, progress: Progress, effect: Effect, *, resumed: bool) -> Progress:
        """Make the call, unless it may have been made before a crash and must not be repeated.

        Raises:
            LeaseLostError: the turn is no longer this replica's.
        """
        if effect.started_at is None:
            async with self._ledger.record(progress) as work:
                await start_call(self._resources, work, effect)
            return work.progress
        began = asyncio.get_running_loop().time()
        try:
            if resumed and not self._may_repeat(effect):
                raise ToolOutcomeUnknown(
                    f"{effect.tool} was cut off by a crash and is not made again by itself; "
                    "find out what it has done before you go on"
                )
            content = await self._call(progress, effect)
        except ToolError as error:
            state = (
                EffectState.UNKNOWN if isinstance(error, ToolOutcomeUnknown) else EffectState.FAILED
            )
            return await self._record(progress, effect, state, str(error), began, error)
        return await self._record(progress, effect, EffectState.COMMITTED, content, began)

    def _may_repeat(self, effect: Effect) -> bool:
        return self._resources.tools.get(effect.tool).safety != "non_repeatable"

    async def _call(self, progress: Progress, effect: Effect) -> str:
        resources = self._resources
        turn = progress.turn
        agent = resources.agents.get(effect.agent)
        left = resources.budgets.time_left(progress.session, agent)
        limit = resources.settings.tool_time_limit
        tool = resources.tools.get(effect.tool)
        context = ToolContext(
            session_id=turn.session_id,
            effect_id=effect.effect_id,
            workspace=resources.workspaces.open(turn.session_id),
            time_limit=limit if left is None else min(limit, left),
            commands=agent.commands,
        )
        with execute_tool(
            resources.telemetry.tracing,
            effect.tool,
            call_id=effect.call_id,
            session_id=turn.session_id,
            agent=effect.agent,
            effect_id=str(effect.effect_id),
        ):
            return storable((await execute(tool, effect.arguments, context)).content)

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
            await work.publish(_outcome(work.turn, effect, result, seconds, error))
            await continue_turn(self._resources, work)
        return work.progress


def _outcome(
    turn: Turn, effect: Effect, result: str, seconds: float, error: ToolError | None
) -> Event:
    common = {
        "session_id": turn.session_id,
        "turn_id": turn.id,
        "agent": effect.agent,
        "tool": effect.tool,
        "call_id": effect.call_id,
        "effect_id": str(effect.effect_id),
        "duration_seconds": seconds,
        "causation_id": effect.cause_id,
    }
    if error is None:
        return ToolExecutedEvent.model_validate({**common, "result_size": len(result.encode())})
    return ToolExecutionFailedEvent.model_validate(
        {**common, "error_type": type(error).__name__, "error_message": result[:MAX_ERROR]}
    )
