# SPDX-License-Identifier: Apache-2.0
"""The limits within one turn: steps, handovers, and going round in a loop."""

from collections.abc import Sequence
from typing import get_args

from pydantic_ai.messages import ToolCallPart

from services.orchestrator.domain.budget import Budget
from services.orchestrator.domain.limits import Breach, Limit, Scope
from services.orchestrator.domain.loops import circles, repetitions
from services.orchestrator.domain.session import Session
from services.orchestrator.domain.turn import Step, Turn
from services.orchestrator.tools import HAND_OVER, HandOver
from services.orchestrator.turns.resources import Resources


def steps_breach(resources: Resources, session: Session, turn: Turn, asked: int) -> Breach | None:
    """Return the limit on how often a model is asked in a turn, if it was reached."""
    return _first(resources, session, turn, "steps", asked)


def calls_breach(
    resources: Resources,
    session: Session,
    turn: Turn,
    steps: Sequence[Step],
    calls: Sequence[tuple[ToolCallPart, HandOver | None]],
) -> Breach | None:
    """Return the limit that one of the calls of an answer would exceed, or None.

    A call comes with what it asks for if it is a handover that is going to happen.
    """
    for call, hand_over in calls:
        breach = (
            _hand_over_breach(resources, session, turn, steps, call)
            if hand_over
            else _repeated_breach(resources, session, turn, steps, call)
        )
        if breach:
            return breach
    return None


def _hand_over_breach(
    resources: Resources, session: Session, turn: Turn, steps: Sequence[Step], call: ToolCallPart
) -> Breach | None:
    repeated = circles(steps, agent=turn.agent, call=call, hand_over=HAND_OVER)
    detail = f"{turn.agent} handed over in a circle, with no work done in between"
    return _first(resources, session, turn, "handovers", turn.handovers) or _first(
        resources, session, turn, "circles", repeated, detail
    )


def _repeated_breach(
    resources: Resources, session: Session, turn: Turn, steps: Sequence[Step], call: ToolCallPart
) -> Breach | None:
    repeated = repetitions(steps, call)
    detail = f"{call.tool_name[:200]} with the same arguments gave the same result each time"
    return _first(resources, session, turn, "repeated_calls", repeated, detail)


def _first(
    resources: Resources,
    session: Session,
    turn: Turn,
    limit: Limit,
    used: int,
    detail: str = "",
) -> Breach | None:
    budgets: dict[Scope, Budget] = {
        "agent": resources.agents.get(turn.agent).budgets,
        "session": resources.budgets.of_session(session),
    }
    for scope in get_args(Scope):
        budget = budgets[scope]
        bound = budget.max_steps if limit == "steps" else getattr(budget, limit)
        if bound is not None and used >= bound:
            return Breach(limit=limit, scope=scope, bound=bound, used=used, wanted=1, detail=detail)
    return None
