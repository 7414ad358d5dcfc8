# SPDX-License-Identifier: Apache-2.0
"""A client that asks nothing while the breaker of its model is open."""

from collections.abc import Sequence

from pydantic_ai.messages import ModelMessage
from pydantic_ai.tools import ToolDefinition

from services.orchestrator.models.breaker import CircuitBreaker
from services.orchestrator.models.client import (
    DEFAULT_OPTIONS,
    ModelClient,
    ModelOptions,
    TextListener,
)
from services.orchestrator.models.reply import ModelReply


class GuardedClient:
    """Another client behind a breaker."""

    def __init__(self, client: ModelClient, breaker: CircuitBreaker) -> None:
        self._client = client
        self._breaker = breaker

    @property
    def name(self) -> str:
        """The model as it is configured."""
        return self._client.name

    async def request(
        self,
        messages: Sequence[ModelMessage],
        *,
        tools: Sequence[ToolDefinition] = (),
        options: ModelOptions = DEFAULT_OPTIONS,
        on_text: TextListener | None = None,
    ) -> ModelReply:
        """Ask once, unless the model has failed too often lately.

        Raises:
            ModelCircuitOpen: nothing was sent.
        """
        with self._breaker.guard():
            return await self._client.request(
                messages, tools=tools, options=options, on_text=on_text
            )

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._client.close()
