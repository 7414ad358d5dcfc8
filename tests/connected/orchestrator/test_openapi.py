# SPDX-License-Identifier: Apache-2.0
"""What the OpenAPI document says, and that nothing which follows or breaks it makes a 5xx."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from shared.settings import KafkaSettings
from tests.support.databases import MigratedDatabase
from tests.support.orchestrator import RunningOrchestrator, served_orchestrator

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

EXAMPLES = 6
ANY: Any = schemathesis

SAME_EVERY_TIME = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replica(
    kafka: KafkaSettings, database: MigratedDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningOrchestrator]:
    directory = tmp_path_factory.mktemp("workspaces")
    async with served_orchestrator(database.url("orchestrator"), kafka, directory) as running:
        yield running


# the service, which runs in this process, makes trace ids with `random` while cases are drawn
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
async def test_no_request_makes_the_service_fail_or_answer_otherwise_than_it_says(
    replica: RunningOrchestrator,
) -> None:
    """Safeguard: every input has a type and limits, and every error is a declared problem.

    Half of the requests are about sessions that there are: one that goes on, and one that has
    ended, whose stream ends.
    """
    active, ended = await replica.session(), await replica.session()
    await replica.http.post(f"/v1/sessions/{ended}/complete")
    base = str(replica.http.base_url)

    asked = await asyncio.to_thread(try_all, base, active, ended)

    assert asked["4"] > 20
    assert asked["2"] > 20


def try_all(base: str, active: str, ended: str) -> dict[str, int]:
    schema = ANY.openapi.from_url(f"{base}/openapi.json")
    answers: dict[str, int] = {}
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as http:
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path.startswith("/v1"):
                try_operation(http, operation, active, ended, answers)
    return answers


def try_operation(
    http: httpx.Client, operation: Any, active: str, ended: str, answers: dict[str, int]
) -> None:
    known = ended if operation.path.endswith("/events") or operation.method == "delete" else active
    declared = operation.definition.raw["responses"]
    turn = {"number": 0}

    @SAME_EVERY_TIME
    @given(case=operation.as_strategy())
    def try_case(case: Any) -> None:
        turn["number"] += 1
        if turn["number"] % 2 and "session_id" in (case.path_parameters or {}):
            case.path_parameters["session_id"] = known
        if case.query:
            case.query.pop("wait", None)  # it would only make the test wait
        response = case.call(base_url=str(http.base_url))
        status = str(response.status_code)
        answers[status[0]] = answers.get(status[0], 0) + 1
        assert status in declared, (case.as_curl_command(), status, response.text)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        if response.status_code >= 400:
            assert response.headers["content-type"][0] == "application/problem+json"

    try_case()


async def test_the_document_tells_of_errors_streams_and_headers(
    replica: RunningOrchestrator,
) -> None:
    document = (await replica.http.get("/openapi.json")).json()

    for path, operations in document["paths"].items():
        for operation in operations.values():
            names = {each["name"] for each in operation["parameters"]}
            assert "X-Correlation-ID" in names
            if path.startswith("/v1"):
                assert "application/problem+json" in operation["responses"]["404"]["content"]
                assert operation["responses"]["503"]
    posts = {path: each["post"] for path, each in document["paths"].items() if "post" in each}
    assert {
        path
        for path, each in posts.items()
        if not any(given["name"] == "Idempotency-Key" for given in each["parameters"])
    } == set()
    messages = posts["/v1/sessions/{session_id}/messages"]["responses"]["200"]["content"]
    assert set(messages) == {"application/json", "text/event-stream"}
    events = document["paths"]["/v1/sessions/{session_id}/events"]["get"]
    assert {"200", "204", "410"} <= set(events["responses"])
