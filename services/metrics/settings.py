# SPDX-License-Identifier: Apache-2.0
"""What the metrics service can be told."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import RedisSettings, Seconds, ServiceSettings


class MetricsSettings(ServiceSettings):
    """Figures are kept in Redis; see ``REDIS_URL``."""

    model_config = SettingsConfigDict(env_prefix="METRICS_", frozen=True)

    redis: RedisSettings = Field(default_factory=RedisSettings)
    retention: Seconds = Field(
        default=timedelta(days=90),
        description="seconds after its last event that a session's figures are kept, and that"
        " a repeated event of it is still recognised",
    )
    max_label_values: int = Field(
        default=100,
        ge=1,
        le=1000,
        description="how many agents, tools, models and error types are told apart; the rest is"
        " counted as 'other'",
    )
