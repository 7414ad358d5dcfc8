# SPDX-License-Identifier: Apache-2.0
"""What the agent context service can be told."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.agent_context.limits import Limits
from shared.settings import RedisSettings, Seconds, ServiceSettings


class AgentContextSettings(ServiceSettings):
    """Contexts are kept in Redis; see ``REDIS_URL``."""

    model_config = SettingsConfigDict(env_prefix="AGENT_CONTEXT_", frozen=True)

    redis: RedisSettings = Field(default_factory=RedisSettings)
    window_tokens: int = Field(
        default=8000, ge=16, le=1_000_000, description="how many tokens of messages are kept"
    )
    max_switches: int = Field(
        default=20, ge=0, le=1000, description="how many agent switches are kept"
    )
    ended_retention: Seconds = Field(
        default=timedelta(days=1),
        description="seconds that the context of a session is kept after its end",
    )
    early_retention: Seconds = Field(
        default=timedelta(days=30),
        description="seconds that events wait for those before them; as long as the topics keep"
        " what is missing",
    )
    max_early: int = Field(
        default=100_000,
        ge=1,
        description="how many events of a session wait for those before them; further ones become"
        " dead letters",
    )

    def limits(self) -> Limits:
        """Return what bounds a context."""
        return Limits(window_tokens=self.window_tokens, max_switches=self.max_switches)
