# SPDX-License-Identifier: Apache-2.0
"""What the orchestrator can be told."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.orchestrator.models import BreakerPolicy, ModelProviderSettings
from shared.settings import DatabaseSettings, Seconds, ServiceSettings


class OrchestratorSettings(ServiceSettings):
    """Its agents, its workspaces and its limits."""

    model_config = SettingsConfigDict(env_prefix="ORCHESTRATOR_", frozen=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    providers: ModelProviderSettings = Field(default_factory=ModelProviderSettings)
    agents_file: Path | None = Field(
        default=None, description="the agents; those of the package if unset"
    )
    workspace_root: Path = Field(
        default=Path(".agent-runtime/workspaces"),
        description="where the sessions' files are kept",
    )
    turn_capacity: int = Field(
        default=64, ge=1, le=10_000, description="turns at once in one process"
    )
    session_idle_limit: Seconds = Field(
        default=timedelta(hours=24),
        gt=timedelta(0),
        description="seconds without any event after which a session expires",
    )
    turn_lease: Seconds = Field(
        default=timedelta(seconds=15),
        gt=timedelta(0),
        description="how long a turn stays with a replica that says nothing more",
    )
    queue_limit: int = Field(
        default=16, ge=1, le=1000, description="unfinished turns of one session"
    )
    assumed_output_tokens: int = Field(
        default=1024,
        ge=1,
        le=1_000_000,
        description="set aside for an answer of an agent without max_output_tokens",
    )
    outbox_max_records: int = Field(
        default=100_000,
        ge=0,
        description="events that wait for Kafka before new messages are refused; 0 is no limit",
    )
    outbox_max_age: Seconds = Field(
        default=timedelta(hours=1),
        ge=timedelta(0),
        description="how long one may wait before new messages are refused; 0 is no limit",
    )
    outbox_retention: Seconds = Field(
        default=timedelta(days=1),
        ge=timedelta(minutes=1),
        le=timedelta(days=365),
        description="how long published events are kept, to be published again or streamed from",
    )
    max_message_length: int = Field(default=100_000, ge=1, description="characters of one message")
    max_streams: int = Field(
        default=500, ge=1, le=100_000, description="streams of events at once in one process"
    )
    model_timeout: Seconds = Field(
        default=timedelta(seconds=120),
        gt=timedelta(0),
        le=timedelta(hours=1),
        description="for one request to a model, from its start to the end of the answer",
    )
    model_max_retry_after: Seconds = Field(
        default=timedelta(seconds=60),
        ge=timedelta(0),
        le=timedelta(hours=1),
        description="the longest wait for a provider that says when to ask again",
    )
    model_breaker_failures: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="requests to a model that fail in a row before it is left alone",
    )
    model_breaker_pause: Seconds = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        le=timedelta(hours=1),
        description="how long it is left alone before one request tries again",
    )
    tool_time_limit: Seconds = Field(
        default=timedelta(seconds=60), description="for one call of a tool"
    )

    def breaker(self) -> BreakerPolicy:
        """Return when a model is left alone."""
        return BreakerPolicy(failures=self.model_breaker_failures, pause=self.model_breaker_pause)
