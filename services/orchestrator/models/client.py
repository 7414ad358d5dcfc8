# SPDX-License-Identifier: Apache-2.0
"""Asking a model once: what the engine needs of any provider."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from pydantic_ai.messages import ModelMessage
from pydantic_ai.tools import ToolDefinition

from services.orchestrator.models.reply import ModelReply

TextListener = Callable[[str], Awaitable[None]]
"""Is given each piece of text as it arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """How a model is asked. None leaves the choice to the provider."""

    temperature: float | None = None
    max_output_tokens: int | None = None
    timeout: timedelta = timedelta(seconds=120)
    """How long one request may take from its start to the end of the answer."""


DEFAULT_OPTIONS = ModelOptions()


class ModelClient(Protocol):
    """One model, asked one request at a time; the loop around it belongs to the engine."""

    @property
    def name(self) -> str:
        """The model as it is configured, such as ``openai:gpt-5``."""
        ...

    async def request(
        self,
        messages: Sequence[ModelMessage],
        *,
        tools: Sequence[ToolDefinition] = (),
        options: ModelOptions = DEFAULT_OPTIONS,
        on_text: TextListener | None = None,
    ) -> ModelReply:
        """Ask once, without retrying, and return the whole answer.

        The instructions are those of the last ``ModelRequest`` in ``messages`` that has some. With
        ``on_text`` the answer is streamed, and each piece of its text is handed over as it comes.
        When the task is cancelled, the request to the provider is cut off.

        Raises:
            ModelUnavailable: asking again later may help.
            ModelRefused: asking again will not help.
        """
        ...

    async def close(self) -> None:
        """Close the connections to the provider."""
        ...
