# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import httpx
import pytest

from deploy.compose.jaeger import Jaeger
from deploy.embedded.demo import waiting
from deploy.embedded.demo.services import DemoError

EVERYBODY = frozenset({"agent-runtime-orchestrator", "agent-runtime-audit"})


def trace(trace_id: str, *services: str) -> dict[str, Any]:
    processes = {f"p{number}": {"serviceName": name} for number, name in enumerate(services)}
    return {
        "traceID": trace_id,
        "spans": [{"processID": process} for process in processes],
        "processes": processes,
    }


class Server:
    """Answers each question with the next of ``answers``, and the last again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.questions: list[httpx.URL] = []

    def jaeger(self) -> Jaeger:
        return Jaeger("http://jaeger", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.questions.append(request.url)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(200, json={"data": answer})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "PAUSE_SECONDS", 0.001)


async def test_the_trace_of_a_turn_is_asked_for_by_its_correlation_id() -> None:
    server = Server([trace("7", *EVERYBODY)])

    found = await server.jaeger().traces_of(["abc"], services=EVERYBODY)

    (only,) = found["abc"]
    assert (only.trace_id, only.spans, only.services) == ("7", 2, EVERYBODY)
    (question,) = server.questions
    assert json.loads(question.params["tags"]) == {"messaging.message.conversation_id": "abc"}


async def test_a_trace_is_waited_for_until_all_services_are_in_it() -> None:
    server = Server(None, [trace("7", "agent-runtime-orchestrator")], [trace("7", *EVERYBODY)])

    found = await server.jaeger().traces_of(["abc"], services=EVERYBODY)

    assert found["abc"][0].services == EVERYBODY
    assert len(server.questions) == 3


async def test_a_trace_that_stays_incomplete_is_given_as_it_is() -> None:
    server = Server([trace("7", "agent-runtime-orchestrator")])

    found = await server.jaeger().traces_of(["abc"], services=EVERYBODY)

    assert found["abc"][0].services == {"agent-runtime-orchestrator"}


async def test_two_halves_are_no_whole() -> None:
    """One turn is one trace: what is missing in one is not made up for by another."""
    server = Server([trace("7", "agent-runtime-orchestrator"), trace("8", "agent-runtime-audit")])

    found = await server.jaeger().traces_of(["abc"], services=EVERYBODY)

    assert len(found["abc"]) == 2
    assert len(server.questions) > 1


async def test_a_turn_without_any_trace_is_an_error() -> None:
    with pytest.raises(DemoError, match="no trace of the turn with correlation id abc"):
        await Server(None).jaeger().traces_of(["abc"], services=EVERYBODY)


async def test_a_jaeger_that_does_not_answer_is_an_error() -> None:
    jaeger = Jaeger("http://jaeger", transport=httpx.MockTransport(lambda _: httpx.Response(500)))

    with pytest.raises(DemoError, match="Jaeger"):
        await jaeger.traces_of(["abc"], services=EVERYBODY)
