# SPDX-License-Identifier: Apache-2.0
from collections.abc import AsyncGenerator, Generator

import pytest
from pydantic import SecretStr

from services.orchestrator.models.client import ModelClient
from services.orchestrator.models.clients import ModelClients
from services.orchestrator.models.settings import ModelProviderSettings
from tests.support.openai_server import OpenAIServer

KEY = "sk-local-0123456789abcdef"


@pytest.fixture
def server() -> Generator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
async def client(server: OpenAIServer) -> AsyncGenerator[ModelClient]:
    """A client that takes the local server for OpenAI."""
    settings = ModelProviderSettings(openai_api_key=SecretStr(KEY), openai_base_url=server.base_url)
    clients = ModelClients(settings)
    yield clients.get("openai:gpt-4o")
    await clients.close()
