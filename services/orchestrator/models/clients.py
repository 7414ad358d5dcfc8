# SPDX-License-Identifier: Apache-2.0
"""One client per model, for the life of the process."""

from services.orchestrator.models.build import build_model
from services.orchestrator.models.client import ModelClient
from services.orchestrator.models.provider_client import ProviderClient
from services.orchestrator.models.settings import ModelProviderSettings


class ModelClients:
    """Makes clients on demand and keeps them, because they keep connections."""

    def __init__(self, settings: ModelProviderSettings) -> None:
        self._settings = settings
        self._clients: dict[str, ModelClient] = {}

    def get(self, name: str) -> ModelClient:
        """Return the client for a model such as ``offline`` or ``openai:gpt-5``.

        Asking for the models of all agents at the start finds what is configured wrongly.

        Raises:
            ConfigurationError: there is no such provider, its key is missing, or so is its library.
        """
        if name not in self._clients:
            self._clients[name] = ProviderClient(name, build_model(name, self._settings))
        return self._clients[name]

    async def close(self) -> None:
        """Close all connections."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.close()
