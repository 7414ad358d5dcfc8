# SPDX-License-Identifier: Apache-2.0
"""Where a conversation stands, read from the messages alone."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextContent,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDefinition

HAND_OVER = "hand_over"

_AGENT = re.compile(r'You are the agent "(\w{1,40})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A call and what came of it."""

    call: ToolCallPart
    result: ToolReturnPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Who is asked what, what was done about it, and what can be done."""

    agent: str
    request: str
    outcomes: tuple[Outcome, ...]
    """Of the calls since the request, in their order, without switches."""
    visited: frozenset[str]
    """The agents that have had this request."""
    tools: frozenset[str]
    targets: tuple[str, ...]
    """The agents that may be switched to."""
    calls_before: int


def situation_of(messages: Sequence[ModelMessage], tools: Iterable[ToolDefinition]) -> Situation:
    """Return where the conversation stands; the same messages and tools give the same."""
    offered = {tool.name: tool for tool in tools}
    recent = _since_request(messages)
    outcomes = _outcomes(recent)
    agent = _agent(messages)
    switches = [outcome for outcome in outcomes if outcome.call.tool_name == HAND_OVER]
    passed = {str(outcome.call.args_as_dict().get("to_agent")) for outcome in switches}
    return Situation(
        agent=agent,
        request=_request(recent),
        outcomes=tuple(outcome for outcome in outcomes if outcome.call.tool_name != HAND_OVER),
        visited=frozenset({agent, *passed}),
        tools=frozenset(offered) - {HAND_OVER},
        targets=_targets(offered.get(HAND_OVER)),
        calls_before=sum(
            len(message.tool_calls) for message in messages if isinstance(message, ModelResponse)
        ),
    )


def _since_request(messages: Sequence[ModelMessage]) -> Sequence[ModelMessage]:
    for at in range(len(messages) - 1, -1, -1):
        message = messages[at]
        if isinstance(message, ModelRequest) and _prompts(message):
            return messages[at:]
    return ()


def _prompts(message: ModelRequest) -> list[UserPromptPart]:
    return [part for part in message.parts if isinstance(part, UserPromptPart)]


def _request(recent: Sequence[ModelMessage]) -> str:
    if not recent or not isinstance(recent[0], ModelRequest):
        return ""
    return "\n".join(prompt_text(part) for part in _prompts(recent[0]))


def prompt_text(part: UserPromptPart) -> str:
    """Return the text of a prompt, without files."""
    if isinstance(part.content, str):
        return part.content
    texts = (item.content if isinstance(item, TextContent) else item for item in part.content)
    return "\n".join(text for text in texts if isinstance(text, str))


def _outcomes(recent: Sequence[ModelMessage]) -> list[Outcome]:
    calls = {
        call.tool_call_id: call
        for message in recent
        if isinstance(message, ModelResponse)
        for call in message.tool_calls
    }
    results = (
        part
        for message in recent
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    )
    return [
        Outcome(call=calls[result.tool_call_id], result=result)
        for result in results
        if result.tool_call_id in calls
    ]


def _agent(messages: Sequence[ModelMessage]) -> str:
    for message in reversed(messages):
        if isinstance(message, ModelRequest) and message.instructions:
            found = _AGENT.match(message.instructions)
            return found[1] if found else "assistant"
    return "assistant"


def _targets(switch: ToolDefinition | None) -> tuple[str, ...]:
    if switch is None:
        return ()
    properties = switch.parameters_json_schema.get("properties", {})
    names = cast("list[object]", properties.get("to_agent", {}).get("enum", []))
    return tuple(map(str, names))
