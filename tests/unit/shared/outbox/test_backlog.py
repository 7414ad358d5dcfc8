# SPDX-License-Identifier: Apache-2.0
"""New work is refused while too much waits to be published."""

from datetime import timedelta

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.orchestrator.api.accepting import accepting
from shared.http.problems import install_problems
from shared.outbox.backlog import Backlog
from shared.outbox.store import Depth


def backlog(*, records: int = 100, age: timedelta = timedelta(minutes=1)) -> Backlog:
    return Backlog(max_records=records, max_age=age)


@pytest.mark.parametrize(
    ("depth", "said"),
    [
        (Depth(0, 0.0), None),
        (Depth(100, 60.0), None),
        (Depth(101, 0.0), "101 events wait to be published, more than 100"),
        (Depth(1, 61.0), "events have waited 61 s to be published, longer than 60 s"),
    ],
)
def test_more_than_the_limit_or_older_is_too_much(depth: Depth, said: str | None) -> None:
    found = backlog()

    found.note(depth)

    assert found.too_much == said


def test_zero_is_no_limit() -> None:
    found = backlog(records=0, age=timedelta(0))

    found.note(Depth(10**9, 1e9))

    assert found.too_much is None


async def test_new_work_is_told_when_to_come_again_and_is_taken_when_there_is_room() -> None:
    """Safeguard: the check before the request is looked at."""
    found, app = backlog(), FastAPI()
    install_problems(app)

    @app.post("/messages", dependencies=[Depends(accepting(found))])
    async def take() -> str:
        return "taken"

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        found.note(Depth(101, 0.0))
        refused = await client.post("/messages")
        found.note(Depth(100, 0.0))
        taken = await client.post("/messages")

    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (503, True)
    assert "101 events wait" in refused.json()["detail"]
    assert taken.status_code == 200
