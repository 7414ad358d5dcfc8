# SPDX-License-Identifier: Apache-2.0
"""Where the providers are, and the keys to them."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ModelProviderSettings(BaseSettings):
    """The variables that the providers' own libraries use, so that what is set already works."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    agent_model: str = Field(
        default="offline", description="the model of agents that name none, such as openai:gpt-5"
    )
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = Field(
        default=None, description="any server that speaks OpenAI's chat completions, such as vLLM"
    )
    anthropic_api_key: SecretStr | None = None
    ollama_base_url: str = "http://127.0.0.1:11434/v1"
