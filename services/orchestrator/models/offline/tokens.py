# SPDX-License-Identifier: Apache-2.0
"""How the offline model counts tokens: four bytes of UTF-8 are one, begun ones count."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.usage import RequestUsage

from services.orchestrator.models.offline.situation import prompt_text

_BYTES = 4


def usage_of(messages: Sequence[ModelMessage], response: ModelResponse) -> RequestUsage:
    """Count what was read, which is the last instructions and all texts, and what was said.

    It costs nothing.
    """
    read = [_instructions(messages)]
    read += [text for message in messages for text in _texts(message)]
    return RequestUsage(
        input_tokens=sum(map(tokens, read)),
        output_tokens=sum(map(tokens, _texts(response))),
        cost=Decimal(0),
    )


def tokens(text: str) -> int:
    """Return how many tokens a text has."""
    return -(-len(text.encode(errors="replace")) // _BYTES)


def _instructions(messages: Sequence[ModelMessage]) -> str:
    requests = (message for message in reversed(messages) if isinstance(message, ModelRequest))
    return next((request.instructions for request in requests if request.instructions), "")


def _texts(message: ModelMessage) -> Iterable[str]:
    for part in message.parts:
        match part:
            case UserPromptPart():
                yield prompt_text(part)
            case ToolReturnPart():
                yield part.model_response_str()
            case TextPart(content=content):
                yield content
            case ToolCallPart():
                yield part.tool_name + part.args_as_json_str()
            case _:
                continue
