# SPDX-License-Identifier: Apache-2.0
"""What archiving can be told."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ArchiveSettings(BaseSettings):
    """Archiving old months of the history, with ``python -m deploy.archive``."""

    model_config = SettingsConfigDict(env_prefix="ARCHIVE_", frozen=True)

    directory: Path = Field(
        default=Path("archive"), description="where files are written that nothing else changes"
    )
    keep_months: int = Field(
        default=0,
        ge=0,
        le=1200,
        description="how many whole months stay in the database without --before; 0 for all",
    )
