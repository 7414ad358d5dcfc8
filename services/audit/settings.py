# SPDX-License-Identifier: Apache-2.0
"""What the audit service can be told."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import DatabaseSettings, Seconds, ServiceSettings


class AuditSettings(ServiceSettings):
    """The settings of ``AUDIT_*``, and those every service has."""

    model_config = SettingsConfigDict(env_prefix="AUDIT_", frozen=True)

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    signing_key_file: Path = Field(
        default=Path("audit-signing-key.pem"),
        description="the Ed25519 key in PEM that checkpoints are signed with; mode 600",
    )
    generate_key: bool = Field(
        default=False, description="make the signing key if there is no such file"
    )
    checkpoint_interval: Seconds = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        description="the least time between two checkpoints of a log, in seconds",
    )
