# SPDX-License-Identifier: Apache-2.0
"""What the persistence service can be told."""

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings


class PersistenceSettings(ServiceSettings):
    """Everything the persistence service can be told."""

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
