# SPDX-License-Identifier: Apache-2.0
"""Any model of pydantic-ai, behind the interface that the engine uses."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from pydantic_ai import exceptions
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from services.orchestrator.models.client import DEFAULT_OPTIONS, ModelOptions, TextListener
from services.orchestrator.models.failure import translated
from services.orchestrator.models.price import cost_in_usd
from services.orchestrator.models.reply import ModelReply, ModelUsage

_ERRORS = (
    exceptions.AgentRunError,
    exceptions.UserError,
    TimeoutError,
)


class ProviderClient:
    """Asks a model of pydantic-ai once per request; retries are the engine's."""

    def __init__(
        self, name: str, model: Model, *, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        self.name = name
        self._model = model
        self._timer = timer

    async def request(
        self,
        messages: Sequence[ModelMessage],
        *,
        tools: Sequence[ToolDefinition] = (),
        options: ModelOptions = DEFAULT_OPTIONS,
        on_text: TextListener | None = None,
    ) -> ModelReply:
        """Ask once, without retrying, and return the whole answer."""
        parameters = ModelRequestParameters(function_tools=list(tools))
        settings = _settings(options)
        started = self._timer()
        try:
            if on_text is None:
                response = await model_request(
                    self._model,
                    messages,
                    model_settings=settings,
                    model_request_parameters=parameters,
                    instrument=False,
                )
            else:
                response = await self._stream(messages, settings, parameters, on_text)
        except _ERRORS as error:
            raise translated(error, model=self.name) from None
        return self._reply(response, timedelta(seconds=self._timer() - started))

    async def close(self) -> None:
        """Close the connections to the provider."""
        async with self._model:
            """Leaving is what closes."""

    async def _stream(
        self,
        messages: Sequence[ModelMessage],
        settings: ModelSettings,
        parameters: ModelRequestParameters,
        on_text: TextListener,
    ) -> ModelResponse:
        async with model_request_stream(
            self._model,
            messages,
            model_settings=settings,
            model_request_parameters=parameters,
            instrument=False,
        ) as stream:
            async for event in stream:
                match event:
                    case PartStartEvent(part=TextPart(content=text)) if text:
                        await on_text(text)
                    case PartDeltaEvent(delta=TextPartDelta(content_delta=text)) if text:
                        await on_text(text)
                    case _:
                        continue
            return stream.get()

    def _reply(self, response: ModelResponse, duration: timedelta) -> ModelReply:
        usage = response.usage
        return ModelReply(
            response=response,
            usage=ModelUsage(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cached_tokens=usage.cache_read_tokens,
            ),
            cost_usd=cost_in_usd(response),
            model=response.model_name or self._model.model_name,
            provider=response.provider_name or self._model.system,
            duration=duration,
        )


def _settings(options: ModelOptions) -> ModelSettings:
    """Write our options as the library's: bounded in time, and sent once only."""
    seconds = options.timeout.total_seconds()
    settings = ModelSettings(timeout=seconds, request_timeout=seconds, max_retries=0)
    if options.temperature is not None:
        settings["temperature"] = options.temperature
    if options.max_output_tokens is not None:
        settings["max_tokens"] = options.max_output_tokens
    return settings
