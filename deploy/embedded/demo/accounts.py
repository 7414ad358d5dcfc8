# SPDX-License-Identifier: Apache-2.0
"""Asks every service what it knows of a session, once all have caught up."""

from collections import Counter
from typing import Any

from deploy.embedded.demo.agreement import Account
from deploy.embedded.demo.services import Services
from deploy.embedded.demo.waiting import until

PAGE = 500


async def caught_up(services: Services, session_id: str) -> list[Account]:
    """Return the accounts of all services, as soon as each has the last event of the session.

    Raises:
        DemoError: a service does not catch up.
    """
    session = await services.get("orchestrator", f"/v1/sessions/{session_id}")
    last: int = session["last_sequence"]
    truth = Account(service="orchestrator", events=last, last_sequence=last)
    accounts = [truth]
    for ask in (_persistence, _audit, _metrics, _agent_context):

        async def look(ask: Any = ask) -> Account | None:
            account: Account | None = await ask(services, session_id)
            return account if account and account.events >= last else None

        name = ask.__name__.strip("_")
        accounts.append(await until(f"{name} to have event {last} of {session_id}", look))
    return accounts


async def _persistence(services: Services, session_id: str) -> Account | None:
    events: list[Any] = []
    following: int | None = 1
    while following is not None:
        page = await services.find(
            "persistence",
            f"/v1/sessions/{session_id}/events",
            from_sequence=following,
            limit=PAGE,
        )
        if page is None:
            return None
        events += page["items"]
        following = page["next_sequence"]
    sequences = [event["sequence"] for event in events]
    if not events or sequences != list(range(1, len(events) + 1)):
        return None
    return Account(
        service="persistence",
        events=len(events),
        last_sequence=sequences[-1],
        by_type=Counter(event["type"] for event in events),
    )


async def _audit(services: Services, session_id: str) -> Account | None:
    found = await services.find("audit", f"/v1/sessions/{session_id}")
    if not found or found["gaps"]:
        return None
    return Account(
        service="audit",
        events=found["events"],
        last_sequence=found["last_sequence"],
        by_type=found["by_type"],
    )


async def _metrics(services: Services, session_id: str) -> Account | None:
    found = await services.find("metrics", f"/v1/sessions/{session_id}/metrics")
    return Account(service="metrics", events=found["events"]) if found else None


async def _agent_context(services: Services, session_id: str) -> Account | None:
    found = await services.find("agent_context", f"/v1/sessions/{session_id}/context")
    if not found:
        return None
    last: int = found["sequence"]
    return Account(service="agent_context", events=last, last_sequence=last)
