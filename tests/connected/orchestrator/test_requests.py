# SPDX-License-Identifier: Apache-2.0
import asyncio
from typing import Any

import pytest

from tests.support.databases import MigratedDatabase
from tests.support.orchestrator import RunningOrchestrator
from tests.support.recorded import recorded_events

pytestmark = [pytest.mark.connected, pytest.mark.asyncio(loop_scope="module")]

JSON = {"content-type": "application/json"}

BAD_MESSAGES: list[tuple[str, dict[str, Any], int, str]] = [
    ("empty", {"json": {"content": ""}}, 422, "content"),
    ("blank", {"json": {"content": " \n "}}, 422, "content"),
    ("NUL", {"json": {"content": "a\0b"}}, 422, "NUL"),
    ("2 MB", {"json": {"content": "x" * 2_000_000}}, 413, "1048576 bytes"),
    ("too long", {"json": {"content": "x" * 200_000}}, 413, "100000 characters"),
    ("a number", {"json": {"content": 5}}, 422, "string"),
    ("no content", {"json": {}}, 422, "content"),
    ("unknown field", {"json": {"content": "x", "more": 1}}, 422, "more"),
    ("a list", {"json": ["x"]}, 422, "body"),
    ("malformed", {"content": b'{"content": ', "headers": JSON}, 400, "JSON"),
    ("not UTF-8", {"content": b'{"content": "\xff"}', "headers": JSON}, 400, ""),
    ("no body", {}, 422, "body"),
]


@pytest.mark.parametrize(
    ("request_fields", "status", "word"),
    [case[1:] for case in BAD_MESSAGES],
    ids=[case[0] for case in BAD_MESSAGES],
)
async def test_a_bad_message_is_refused_with_the_reason_and_nothing_is_recorded(
    orchestrator: RunningOrchestrator,
    database: MigratedDatabase,
    request_fields: dict[str, Any],
    status: int,
    word: str,
) -> None:
    session_id = await orchestrator.session()
    before = len(await recorded_events(database.admin_url, session_id=session_id))

    response = await orchestrator.http.post(f"/v1/sessions/{session_id}/messages", **request_fields)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert word in response.text
    after = await recorded_events(database.admin_url, session_id=session_id)
    assert len(after) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/sessions/unknown/messages", 404),
        ("GET", "/v1/sessions/unknown", 404),
        ("GET", "/v1/sessions/..%2F..%2Fetc", 404),
        ("GET", "/v1/sessions/unknown/turns", 404),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/sessions", 405),
    ],
)
async def test_what_is_not_there_is_a_problem_too(
    orchestrator: RunningOrchestrator, method: str, path: str, status: int
) -> None:
    body = {"content": "x"} if method == "POST" else None

    response = await orchestrator.http.request(method, path, json=body)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unknown_agent_is_refused_with_those_that_there_are(
    orchestrator: RunningOrchestrator,
) -> None:
    response = await orchestrator.http.post("/v1/sessions", json={"agent": "nobody"})

    assert response.status_code == 422
    assert "coder" in response.json()["detail"]


async def test_nothing_can_be_said_in_a_session_that_has_ended(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id = await orchestrator.session()
    await orchestrator.http.post(f"/v1/sessions/{session_id}/complete", json={"by": "ann"})

    response = await orchestrator.http.post(
        f"/v1/sessions/{session_id}/messages", json={"content": "x"}
    )

    assert response.status_code == 409
    assert "completed" in response.json()["detail"]


async def test_a_request_with_the_same_key_is_done_once_and_answered_each_time(
    orchestrator: RunningOrchestrator, database: MigratedDatabase
) -> None:
    key = {"Idempotency-Key": "k1"}

    async def create() -> Any:
        return (await orchestrator.http.post("/v1/sessions", json={}, headers=key)).json()["id"]

    (session_id,) = set(await asyncio.gather(*(create() for _ in range(5))))
    path = f"/v1/sessions/{session_id}/messages"

    async def say() -> Any:
        response = await orchestrator.http.post(path, json={"content": "Hello"}, headers=key)
        return response.json()["id"]

    turns = set(await asyncio.gather(*(say() for _ in range(5))))

    assert len(turns) == 1
    events = await recorded_events(database.admin_url, session_id=session_id)
    assert sum(each.name() == "message_received" for each in events) == 1
    other = await orchestrator.http.post(path, json={"content": "Other"}, headers=key)
    assert other.status_code == 409


async def test_a_correlation_id_is_taken_over_and_given_back(
    orchestrator: RunningOrchestrator,
) -> None:
    session_id = await orchestrator.session()

    response = await orchestrator.http.post(
        f"/v1/sessions/{session_id}/messages",
        json={"content": "Hello"},
        headers={"X-Correlation-ID": "order-4711"},
    )

    assert response.headers["X-Correlation-ID"] == "order-4711"
    assert response.json()["correlation_id"] == "order-4711"


async def test_sessions_are_listed_page_by_page(orchestrator: RunningOrchestrator) -> None:
    made = {await orchestrator.session() for _ in range(5)}

    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await orchestrator.http.get("/v1/sessions", params=query)).json()
        found += [session["id"] for session in page["sessions"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert len(found) == len(set(found))
    assert made <= set(found)


async def test_the_events_are_described_under_the_topics_of_this_installation(
    orchestrator: RunningOrchestrator,
) -> None:
    document = (await orchestrator.http.get("/asyncapi.json")).json()

    domain = document["channels"]["domain"]
    assert domain["address"].endswith(".domain")
    assert domain["address"] != "agent-runtime.domain"
    schema = document["components"]["schemas"]["agentruntime.domain.message_received.v1"]
    assert "message_content" in schema["required"]
