# SPDX-License-Identifier: Apache-2.0
"""One client per model, for the life of the process."""

from collections.abc import Callable

from services.orchestrator.models.breaker import BreakerPolicy, CircuitBreaker
from services.orchestrator.models.build import build_model
from services.orchestrator.models.client import ModelClient
from services.orchestrator.models.guarded_client import GuardedClient
from services.orchestrator.models.provider_client import ProviderClient
from services.orchestrator.models.settings import ModelProviderSettings


class ModelClients:
    """Makes clients on demand and keeps them, because they keep connections.

    Each model has one breaker, whoever asks it; ``on_breaker`` is told of each that is made.
    """

    def __init__(
        self,
        settings: ModelProviderSettings,
        *,
        breaker: BreakerPolicy | None = None,
        on_breaker: Callable[[CircuitBreaker], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._policy = breaker or BreakerPolicy()
        self._on_breaker = on_breaker
        self._clients: dict[str, ModelClient] = {}

    def get(self, name: str) -> ModelClient:
        """Return the client for a model such as ``offline`` or ``openai:gpt-5``.

        Asking for the models of all agents at the start finds what is configured wrongly.

        Raises:
            ConfigurationError: there is no such provider, its key is missing, or so is its library.
        """
        if name not in self._clients:
            client = ProviderClient(name, build_model(name, self._settings))
            breaker = CircuitBreaker(name, self._policy)
            self._on_breaker(breaker)
            self._clients[name] = GuardedClient(client, breaker)
        return self._clients[name]

    async def close(self) -> None:
        """Close all connections."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.close()
