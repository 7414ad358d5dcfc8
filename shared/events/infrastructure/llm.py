# SPDX-License-Identifier: Apache-2.0
"""How models are asked."""

from decimal import Decimal

from pydantic import Field

from shared.events.base import SessionInfrastructureEvent
from shared.events.types import EventCategory, EventType


class LlmEvent(SessionInfrastructureEvent):
    """What all events about a model call share."""

    category = EventCategory.LLM
    turn_id: str = ""
    agent: str = ""
    model: str
    step: int = Field(default=0, ge=0)


class LLMRequestStartedEvent(LlmEvent):
    """The model is about to be asked."""

    event_type = EventType.LLM_REQUEST_STARTED


class LLMRequestCompletedEvent(LlmEvent):
    """The model answered; the cost is None where the price of the model is not known."""

    event_type = EventType.LLM_REQUEST_COMPLETED
    provider: str = ""
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    cost_usd: Decimal | None = None
    duration_seconds: float = Field(ge=0)


class LLMRequestFailedEvent(LlmEvent):
    """The model did not answer, after all its retries."""

    event_type = EventType.LLM_REQUEST_FAILED
    duration_seconds: float = Field(ge=0)
    error_type: str
    error_message: str
