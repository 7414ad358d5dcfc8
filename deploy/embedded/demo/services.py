# SPDX-License-Identifier: Apache-2.0
"""The services of a running stack, asked over HTTP like any client would."""

from types import TracebackType
from typing import Any

import httpx

from deploy.embedded.errors import EmbeddedError

TIMEOUT_SECONDS = 60


class DemoError(EmbeddedError):
    """The demonstration did not go as it should."""


class Services:
    """HTTP clients of all services."""

    def __init__(self, urls: dict[str, str]) -> None:
        self._clients = {
            name: httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
            for name, url in urls.items()
        }

    async def __aenter__(self) -> "Services":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def get(self, service: str, path: str, /, **query: Any) -> Any:
        """Return what a service answers.

        Raises:
            DemoError: it answers with an error, which the message has.
        """
        return self._answer(service, await self._clients[service].get(path, params=query))

    async def find(self, service: str, path: str, /, **query: Any) -> Any | None:
        """Return what a service answers, or None while it knows nothing of it yet."""
        response = await self._clients[service].get(path, params=query)
        return None if response.status_code in {404, 409, 425} else self._answer(service, response)

    async def post(self, service: str, path: str, body: dict[str, Any], /, **query: Any) -> Any:
        """Return what a service answers to a command.

        Raises:
            DemoError: it answers with an error, which the message has.
        """
        response = await self._clients[service].post(path, json=body, params=query)
        return self._answer(service, response)

    def _answer(self, service: str, response: httpx.Response) -> Any:
        if response.is_error:
            request = response.request
            raise DemoError(
                f"{service} answered {response.status_code} to {request.method} "
                f"{request.url.path}: {response.text[:500]}"
            )
        return response.json()
