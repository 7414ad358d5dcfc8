# SPDX-License-Identifier: Apache-2.0
"""About how many tokens a request has, before a provider has counted them.

Providers bill by their own tokenizers, which differ and are not all public. English text has about
four bytes to a token, other languages and code about three; so three bytes are taken for one. The
figure is meant to be too high rather than too low: it is set aside before a call, and what the
provider counted takes its place after it.
"""

from decimal import Decimal

from genai_prices import Usage, calc_price
from pydantic_ai.messages import (
    ModelMessage,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

BYTES_PER_TOKEN = 3
PER_PART = 8
"""Tokens for the role, the name of a tool and the marks around a part."""


def tokens_of_text(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def tokens_of_message(message: ModelMessage) -> int:
    """Return about how many tokens a message has."""
    return sum(PER_PART + tokens_of_text(_text(part)) for part in message.parts)


def _text(part: object) -> str:
    match part:
        case UserPromptPart(content=content):
            return str(content)
        case TextPart(content=content):
            return content
        case ToolCallPart():
            return part.args_as_json_str()
        case ToolReturnPart():
            return part.model_response_str()
        case _:
            return str(getattr(part, "content", ""))


def estimated_cost(model: str, *, input_tokens: int, output_tokens: int) -> Decimal:
    """Return the list price of a request to ``PROVIDER:NAME``, 0 where it is not known."""
    provider, _, name = model.partition(":")
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        return calc_price(usage, name or provider, provider_id=provider).total_price
    except (LookupError, ValueError):
        return Decimal(0)
