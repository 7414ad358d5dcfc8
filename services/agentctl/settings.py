# SPDX-License-Identifier: Apache-2.0
"""What ``agentctl`` can be told through its environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import Seconds


class AgentctlSettings(BaseSettings):
    """The settings of ``AGENTCTL_*``; an address that is not given is looked up."""

    model_config = SettingsConfigDict(env_prefix="AGENTCTL_", frozen=True)

    orchestrator_url: str | None = None
    persistence_url: str | None = None
    audit_url: str | None = None
    metrics_url: str | None = None
    agent_context_url: str | None = None
    dead_letters_url: str | None = None
    state_dir: Path = Field(
        default=Path(".agent-runtime"), description="where `agent-runtime up` writes its addresses"
    )
    timeout: Seconds = Field(
        default=timedelta(seconds=30), description="how long a service may take to answer"
    )
