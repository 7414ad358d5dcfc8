# SPDX-License-Identifier: Apache-2.0
"""The offline model: a pydantic-ai ``Model`` without a provider.

It reads the messages and the tools that are offered, and nothing else: no clock, no randomness, no
network. The same messages and tools give the same response, which is what makes demonstrations,
tests and the replay of crashed turns repeatable. ``grammar`` has the language it understands,
``decision`` what it does about a request, ``tokens`` how it counts.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartEndEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
)
from pydantic_ai.models import (
    CompletedStreamedResponse,
    Model,
    ModelRequestParameters,
    StreamedResponse,
)
from pydantic_ai.settings import ModelSettings

from services.orchestrator.models.offline.decision import decide
from services.orchestrator.models.offline.situation import situation_of
from services.orchestrator.models.offline.step import Call
from services.orchestrator.models.offline.tokens import usage_of

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class OfflineModel(Model[None]):
    """Follows written rules: routes, calls tools and tells what came of it."""

    @property
    def model_name(self) -> str:
        """The name in events and replies."""
        return "offline"

    @property
    def system(self) -> str:
        """The name of the provider, which is none."""
        return "offline"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer, or ask for tools; the settings change nothing."""
        del model_settings
        situation = situation_of(messages, model_request_parameters.function_tools)
        decision = decide(situation)
        parts: list[ModelResponsePart]
        if isinstance(decision, str):
            parts = [TextPart(decision)]
        else:
            parts = list(_tool_calls(decision, situation.calls_before))
        response = ModelResponse(
            parts,
            model_name=self.model_name,
            provider_name=self.system,
            timestamp=_time_of(messages),
            finish_reason="stop" if isinstance(decision, str) else "tool_call",
        )
        response.usage = usage_of(messages, response)
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Answer as ``request`` does, word by word."""
        del run_context
        response = await self.request(messages, model_settings, model_request_parameters)
        yield CompletedStreamedResponse(
            response,
            model_request_parameters=model_request_parameters,
            replay_events=list(_events(response)),
        )


def _tool_calls(calls: Sequence[Call], before: int) -> Iterator[ToolCallPart]:
    """Number the calls through the conversation, so that their ids are the same every time."""
    for number, call in enumerate(calls, start=before + 1):
        yield ToolCallPart(call.tool, dict(call.arguments), tool_call_id=f"offline-{number}")


def _time_of(messages: Sequence[ModelMessage]) -> datetime:
    """Return the time of the last request, because this model has no clock."""
    requests = (message for message in reversed(messages) if isinstance(message, ModelRequest))
    return next((request.timestamp for request in requests if request.timestamp), _LONG_AGO)


def _events(response: ModelResponse) -> Iterator[ModelResponseStreamEvent]:
    for index, part in enumerate(response.parts):
        if isinstance(part, TextPart):
            first, *rest = part.content.split(" ")
            yield PartStartEvent(index=index, part=TextPart(first))
            for word in rest:
                yield PartDeltaEvent(index=index, delta=TextPartDelta(content_delta=f" {word}"))
        else:
            yield PartStartEvent(index=index, part=part)
        yield PartEndEvent(index=index, part=part)
