# SPDX-License-Identifier: Apache-2.0
"""Finds agents that go round in a loop, from what is recorded of their turn."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pydantic_ai.messages import ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart

from services.orchestrator.domain.turn import Step, tool_calls

Made = tuple[str, ToolCallPart, ToolReturnPart]
"""Who made a call, the call, and what came of it."""


def repetitions(steps: Sequence[Step], call: ToolCallPart) -> int:
    """Return how often in a row the same call gave the same result already.

    A call whose result changes, such as reading a file that is being edited, is no repetition.
    """
    same = [result for _, made, result in _made(steps) if _key(made) == _key(call)]
    if not same:
        return 0
    last = same[-1].model_response_str()
    changed = [at for at, result in enumerate(same) if result.model_response_str() != last]
    return len(same) - (changed[-1] + 1 if changed else 0)


def circles(steps: Sequence[Step], *, agent: str, call: ToolCallPart, hand_over: str) -> int:
    """Return how often the agent has handed over to the same one with no work done in between."""
    pairs: Counter[tuple[str, str]] = Counter()
    for who, made, result in _made(steps):
        if made.tool_name == hand_over:
            pairs[who, _target(made)] += result.outcome == "success"
        elif result.outcome == "success":
            pairs.clear()
    return pairs[agent, _target(call)]


def _made(steps: Sequence[Step]) -> Iterator[Made]:
    for answer, results in pairwise(steps):
        if not isinstance(answer.message, ModelResponse):
            continue
        if not isinstance(results.message, ModelRequest):
            continue
        returned = {
            part.tool_call_id: part
            for part in results.message.parts
            if isinstance(part, ToolReturnPart)
        }
        for call in tool_calls(answer.message):
            if call.tool_call_id in returned:
                yield answer.agent, call, returned[call.tool_call_id]


def _key(call: ToolCallPart) -> tuple[str, str]:
    return call.tool_name, json.dumps(call.args_as_dict(), sort_keys=True)


def _target(call: ToolCallPart) -> str:
    return str(call.args_as_dict().get("to_agent", ""))
