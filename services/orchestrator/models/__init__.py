# SPDX-License-Identifier: Apache-2.0
"""Models, asked one request at a time, and what their answers took."""

from services.orchestrator.models.attempts import Attempts, FailedAttempt, GivenUp
from services.orchestrator.models.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from services.orchestrator.models.build import build_model
from services.orchestrator.models.client import ModelClient, ModelOptions, TextListener
from services.orchestrator.models.clients import ModelClients
from services.orchestrator.models.deadline import Deadline
from services.orchestrator.models.errors import (
    ModelCircuitOpen,
    ModelCutOff,
    ModelQuotaExceeded,
    ModelRefused,
    ModelUnavailable,
)
from services.orchestrator.models.estimate import (
    estimated_cost,
    tokens_of_message,
    tokens_of_text,
)
from services.orchestrator.models.provider_client import ProviderClient
from services.orchestrator.models.reply import ModelReply, ModelUsage
from services.orchestrator.models.settings import ModelProviderSettings

__all__ = [
    "Attempts",
    "BreakerPolicy",
    "BreakerState",
    "CircuitBreaker",
    "Deadline",
    "FailedAttempt",
    "GivenUp",
    "ModelCircuitOpen",
    "ModelClient",
    "ModelClients",
    "ModelCutOff",
    "ModelOptions",
    "ModelProviderSettings",
    "ModelQuotaExceeded",
    "ModelRefused",
    "ModelReply",
    "ModelUnavailable",
    "ModelUsage",
    "ProviderClient",
    "TextListener",
    "build_model",
    "estimated_cost",
    "tokens_of_message",
    "tokens_of_text",
]
