# SPDX-License-Identifier: Apache-2.0
"""How models are asked."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import SessionInfrastructureEvent
from shared.events.types import EventCategory, EventType


class LlmEvent(SessionInfrastructureEvent):
    """What all events about a model call share."""

    category = EventCategory.LLM
    turn_id: str = ""
    agent: str = ""
    model: str
    step: int = Field(default=0, ge=0)


class ModelAttempt(BaseModel):
    """One request to a model that brought no answer; seconds, or None where nothing was said.

    ``retry_after_seconds`` is what the provider asked for and ``waited_seconds`` what was done,
    None if the model was not asked again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    error_type: str
    error_message: str
    retry_after_seconds: float | None = Field(default=None, ge=0)
    waited_seconds: float | None = Field(default=None, ge=0)


class LLMRequestStartedEvent(LlmEvent):
    """The model is about to be asked."""

    event_type = EventType.LLM_REQUEST_STARTED


class LLMRequestCompletedEvent(LlmEvent):
    """The model answered; the cost is None where the price of the model is not known.

    ``model`` is what the provider calls it and ``requested_model`` what it is configured as. It was
    asked ``attempts`` times, of which the last ``failed_attempts`` are listed. ``fallback_for`` is
    the model of the agent if another one answered in its place.
    """

    event_type = EventType.LLM_REQUEST_COMPLETED
    provider: str = ""
    input_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    cost_usd: Decimal | None = None
    duration_seconds: float = Field(ge=0)
    requested_model: str = ""
    attempts: int = Field(default=1, ge=1)
    failed_attempts: tuple[ModelAttempt, ...] = ()
    fallback_for: str = ""


class LLMRequestFailedEvent(LlmEvent):
    """The model did not answer, after all its retries.

    It was asked ``attempts`` times: 0 if its circuit breaker was open, more than one if it was
    ``retried``. ``retry_after_seconds`` is what the provider asked for at last. The turn goes on
    with ``fallback_model`` if that is set.
    """

    event_type = EventType.LLM_REQUEST_FAILED
    duration_seconds: float = Field(ge=0)
    error_type: str
    error_message: str
    attempts: int = Field(default=1, ge=0)
    retried: bool = False
    retry_after_seconds: float | None = Field(default=None, ge=0)
    failed_attempts: tuple[ModelAttempt, ...] = ()
    fallback_model: str = ""
