# SPDX-License-Identifier: Apache-2.0
"""What the persistence service can be told."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import DatabaseSettings, ServiceSettings


class PersistenceSettings(ServiceSettings):
    """Everything the persistence service can be told."""

    model_config = SettingsConfigDict(env_prefix="PERSISTENCE_", frozen=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    installation: str = Field(
        default="",
        max_length=200,
        description="the name of this installation, as exports of sessions have it",
    )
    import_max_bytes: int = Field(
        default=268_435_456, ge=1024, description="larger exports are not imported"
    )
