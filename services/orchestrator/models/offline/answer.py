# SPDX-License-Identifier: Apache-2.0
"""What the offline model says at the end of its work: what it did, and what it could not."""

from collections.abc import Sequence
from typing import cast

from services.orchestrator.models.offline.situation import HAND_OVER, Outcome, Situation
from services.orchestrator.models.offline.step import Call, Step

_QUOTED = 200

_DONE = {
    "write_file": "Done: {result}.",
    "edit_file": "Done: {result}.",
    "read_file": "{path} says:\n{result}",
    "list_files": "The files:\n{result}",
    "search_files": "Found:\n{result}",
    "run_command": "{argv}: {result}",
    "calculate": "{expression} = {result}",
}

_HINT = (
    "I am the offline model: I follow written rules and do not think. I write, read, edit, list "
    "and search files, calculate and run commands when told so in plain words; set AGENT_MODEL to "
    "a provider for real answers."
)


def answer(situation: Situation, *, open_steps: Sequence[Step]) -> str:
    """Return the text that ends the turn; it claims nothing that no tool reported."""
    said = [_told(outcome) for outcome in situation.outcomes]
    if open_steps:
        said.append(_not_done(situation, open_steps))
    return "\n".join(said) or f"This is {situation.agent}. What shall I do?"


def _told(outcome: Outcome) -> str:
    result = outcome.result.model_response_str(wrap_if_error=False)
    match outcome.result.outcome:
        case "success":
            template = _DONE.get(outcome.call.tool_name, "{tool}: {result}")
            return template.format_map(_words(outcome, result))
        case "denied":
            return f"I did not call {_what(outcome)}, because it was not approved: {result}"
        case _:
            return f"I could not do it with {_what(outcome)}: {result}"


def _words(outcome: Outcome, result: str) -> dict[str, str]:
    arguments = outcome.call.args_as_dict()
    shown = {
        name: " ".join(map(str, cast("list[object]", value)))
        if isinstance(value, list)
        else str(value)
        for name, value in arguments.items()
    }
    return _Words(shown | {"result": result, "tool": outcome.call.tool_name})


class _Words(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def _what(outcome: Outcome) -> str:
    path = outcome.call.args_as_dict().get("path")
    return f"{outcome.call.tool_name} on {path}" if path else outcome.call.tool_name


def _not_done(situation: Situation, steps: Sequence[Step]) -> str:
    text = " / ".join(step.text for step in steps) or situation.request
    quoted = " ".join(text.split())
    shown = quoted if len(quoted) <= _QUOTED else quoted[:_QUOTED] + "…"
    missing = [_missing(call) for step in steps for call in step.calls[:1]]
    return " ".join([f'This is {situation.agent}. You asked: "{shown}".', *missing, _HINT])


def _missing(call: Call) -> str:
    if call.tool == HAND_OVER:
        return f"I may not hand over to {call.arguments['to_agent']}."
    return f"I have no tool {call.tool}, and nobody to hand this over to."
