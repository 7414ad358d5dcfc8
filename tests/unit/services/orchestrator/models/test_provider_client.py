# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from decimal import Decimal

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    UserPromptPart,
)

from services.orchestrator.models.offline.model import OfflineModel
from services.orchestrator.models.provider_client import ProviderClient


async def test_a_reply_tells_what_it_took() -> None:
    ticks = iter((10.0, 12.5))
    client = ProviderClient("offline", OfflineModel(), timer=lambda: next(ticks))
    messages: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart("hello")])]

    reply = await client.request(messages)

    assert reply.duration == timedelta(seconds=2.5)
    assert (reply.model, reply.provider) == ("offline", "offline")
    assert reply.cost_usd == Decimal(0)
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert ModelMessagesTypeAdapter.validate_json(reply.response_json()) == [reply.response]
