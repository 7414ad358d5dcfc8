# SPDX-License-Identifier: Apache-2.0
"""What the desk can be told."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import DatabaseSettings, Seconds, ServiceSettings


class DeadLettersSettings(ServiceSettings):
    """The settings of ``DEAD_LETTERS_*``, and those every service has."""

    model_config = SettingsConfigDict(env_prefix="DEAD_LETTERS_", frozen=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    outbox_retention: Seconds = Field(
        default=timedelta(days=1),
        ge=timedelta(minutes=1),
        le=timedelta(days=365),
        description="how long published records are kept, to be published to another cluster",
    )
    max_redrives: int = Field(
        default=5, ge=1, le=100, description="a letter that fails after so many redrives is parked"
    )
