# SPDX-License-Identifier: Apache-2.0
"""What the desk can be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import DatabaseSettings, ServiceSettings


class DeadLettersSettings(ServiceSettings):
    """The settings of ``DEAD_LETTERS_*``, and those every service has."""

    model_config = SettingsConfigDict(env_prefix="DEAD_LETTERS_", frozen=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    max_redrives: int = Field(
        default=5, ge=1, le=100, description="a letter that fails after so many redrives is parked"
    )
