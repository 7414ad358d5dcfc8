# SPDX-License-Identifier: Apache-2.0
"""What a model answered, and what that took."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelResponse, ToolCallPart


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """Tokens, as the provider counted them; cached ones are part of the input."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """One answer. ``response`` is what goes into the history of the session."""

    response: ModelResponse
    usage: ModelUsage
    cost_usd: Decimal | None
    """None where the price of the model is not known."""
    model: str
    """The model that answered, as the provider calls it."""
    provider: str
    duration: timedelta

    @property
    def text(self) -> str:
        """The text of the answer, empty if there is none."""
        return self.response.text or ""

    @property
    def tool_calls(self) -> list[ToolCallPart]:
        """The calls that the model asks for, in its order."""
        return self.response.tool_calls

    def response_json(self) -> bytes:
        """Return the response as JSON for ``ModelMessagesTypeAdapter``: a list of one."""
        return ModelMessagesTypeAdapter.dump_json([self.response])
