# SPDX-License-Identifier: Apache-2.0
"""What each service says of a session, asked over HTTP."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import httpx

from tests.support.eventually import eventually

PAGE = 500

Ask = Callable[["Clients", str], Awaitable[int]]
"""Returns how many events of a session a service has, without a gap among them."""


class Clients:
    """An HTTP client for each service that runs."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._clients = {
            name: httpx.AsyncClient(base_url=url, timeout=120, trust_env=False)
            for name, url in urls.items()
        }

    @property
    def services(self) -> frozenset[str]:
        """Which services there are."""
        return frozenset(self._clients)

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    async def find(self, service: str, path: str, /, **query: Any) -> Any | None:
        """Return the answer, or None while there is none."""
        try:
            response = await self._clients[service].get(path, params=query)
        except httpx.HTTPError:
            return None
        return response.json() if response.is_success else None

    async def post(self, service: str, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """Return the answer to a command."""
        return await self._clients[service].post(path, json=body)


async def _persistence(clients: Clients, session_id: str) -> int:
    found: list[int] = []
    following: int | None = 1
    while following is not None:
        page = await clients.find(
            "persistence", f"/v1/sessions/{session_id}/events", from_sequence=following, limit=PAGE
        )
        if page is None:
            return 0
        found += [event["sequence"] for event in page["items"]]
        following = page["next_sequence"]
    return len(found) if found == list(range(1, len(found) + 1)) else 0


async def _audit(clients: Clients, session_id: str) -> int:
    found = await clients.find("audit", f"/v1/sessions/{session_id}")
    return found["events"] if found and not found["gaps"] else 0


async def _metrics(clients: Clients, session_id: str) -> int:
    found = await clients.find("metrics", f"/v1/sessions/{session_id}/metrics")
    return found["events"] if found else 0


async def _agent_context(clients: Clients, session_id: str) -> int:
    found = await clients.find("agent_context", f"/v1/sessions/{session_id}/context")
    return found["sequence"] if found else 0


ACCOUNTS: Mapping[str, Ask] = {
    "persistence": _persistence,
    "audit": _audit,
    "metrics": _metrics,
    "agent_context": _agent_context,
}


async def until_caught_up(
    clients: Clients, sessions: Mapping[str, int], *, patience: float
) -> dict[str, Mapping[str, int]]:
    """Return what each service has of each session, as soon as all have everything.

    ``sessions`` are ids with the number of events they have. When the patience is over, return how
    far the services are.
    """
    accounts: dict[str, Mapping[str, int]] = {}
    for service in ACCOUNTS:
        accounts[service] = await _of_service(clients, service, sessions, patience=patience)
    return accounts


async def _of_service(
    clients: Clients, service: str, sessions: Mapping[str, int], *, patience: float
) -> Mapping[str, int]:
    found: dict[str, int] = {}

    async def complete() -> bool:
        for session_id in [each for each in sessions if found.get(each) != sessions[each]]:
            found[session_id] = await ACCOUNTS[service](clients, session_id)
        return found == sessions

    with suppress(AssertionError):  # what is missing is told by comparing
        await eventually(complete, timeout=patience)
    return found


def behind(sessions: Mapping[str, int], accounts: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    """Give a sentence for each session of which a service has another number of events."""
    for service, found in accounts.items():
        for session_id, events in sessions.items():
            if found.get(session_id) != events:
                yield f"{service} has {found.get(session_id)} of {events} events of {session_id}"
