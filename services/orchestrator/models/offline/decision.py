# SPDX-License-Identifier: Apache-2.0
"""What the offline model does next."""

from services.orchestrator.models.offline.answer import answer
from services.orchestrator.models.offline.request import steps_of
from services.orchestrator.models.offline.situation import HAND_OVER, Situation
from services.orchestrator.models.offline.step import Call, Step, Topic

_ROUTER = "orchestrator"


def decide(situation: Situation) -> tuple[Call, ...] | str:
    """Return the calls to make, or the text to answer with.

    The steps of the request are taken in order. A step whose tool is offered is called; one whose
    tool is not, or that is only known by its topic, is handed to the agent of that topic, or to the
    orchestrator, but to no agent that has had the request. When a call failed or was denied, or
    nothing is left to do, the answer tells what was done.
    """
    if any(outcome.result.outcome != "success" for outcome in situation.outcomes):
        return answer(situation, open_steps=())
    done = len(situation.outcomes)
    open_steps: list[Step] = []
    for step in steps_of(situation.request):
        if _is_switch(step):
            calls = _asked_switch(step, situation)
        elif len(step.calls) <= done and step.calls:
            done -= len(step.calls)
            continue
        else:
            calls = _next_calls(step, situation, done)
            done = 0
        if calls:
            return calls
        if not _is_switch(step) or not _was_made(step, situation):
            open_steps.append(step)
            if step.calls:
                break
    return answer(situation, open_steps=open_steps)


def _is_switch(step: Step) -> bool:
    return bool(step.calls) and step.calls[0].tool == HAND_OVER


def _was_made(step: Step, situation: Situation) -> bool:
    return step.calls[0].arguments["to_agent"] in situation.visited


def _asked_switch(step: Step, situation: Situation) -> tuple[Call, ...]:
    possible = step.calls[0].arguments["to_agent"] in situation.targets
    return step.calls if possible and not _was_made(step, situation) else ()


def _next_calls(step: Step, situation: Situation, done: int) -> tuple[Call, ...]:
    if step.calls and step.calls[0].tool in situation.tools:
        return step.calls[done:]
    target = _target(step.topic, situation)
    if target is None:
        return ()
    sure = 0.9 if step.calls else 0.6
    reason = f"this is a matter for {target}" if target != _ROUTER else "this is not my matter"
    return (
        Call(tool=HAND_OVER, arguments={"to_agent": target, "reason": reason, "confidence": sure}),
    )


def _target(topic: Topic | None, situation: Situation) -> str | None:
    """Return the agent to hand over to, if there is one that has not had the request."""
    if topic is None or topic == situation.agent:
        return None
    wanted = (topic, _ROUTER, "universal")
    free = [name for name in wanted if name in situation.targets]
    return next((name for name in free if name not in situation.visited), None)
