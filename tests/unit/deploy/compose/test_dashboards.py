# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from deploy.compose.dashboards import FILES, Watched, dashboards_of, expressions
from deploy.embedded.catalogue import service_names
from deploy.embedded.demo import waiting

BOARDS = sorted(path.stem for path in FILES.glob("*.json"))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "PAUSE_SECONDS", 0.001)


def watched(
    *,
    counted: int = 7,
    up: tuple[str, ...] = service_names(),
    boards: list[str] = BOARDS,
    empty: tuple[str, ...] = (),
) -> Watched:
    """Return a Prometheus and a Grafana that answer as given."""

    def prometheus(request: httpx.Request) -> httpx.Response:
        query = request.url.params["query"]
        result: list[dict[str, Any]] = (
            [{"metric": {"job": name}, "value": [0, "1"]} for name in up]
            if query.startswith("count by (job) (up")
            else [{"metric": {}, "value": [0, str(counted)]}]
        )
        answer = [] if any(part in query for part in empty) else result
        return httpx.Response(200, json={"data": {"result": answer}})

    def grafana(request: httpx.Request) -> httpx.Response:
        if not request.headers["authorization"].startswith("Basic "):
            return httpx.Response(401)
        return httpx.Response(200, json=[{"uid": each} for each in boards])

    return Watched(
        prometheus_url="http://prometheus",
        grafana_url="http://grafana",
        password=SecretStr("secret"),
        transports=(httpx.MockTransport(prometheus), httpx.MockTransport(grafana)),
    )


async def seven() -> int:
    return 7


async def test_nothing_is_wrong_when_all_is_there_and_counted() -> None:
    found = await dashboards_of(watched(), events=seven)

    assert found.problems == []
    assert [each.uid for each in found.boards] == BOARDS
    assert all(each.answered == each.asked > 0 for each in found.boards)


async def test_a_count_that_differs_from_that_of_the_services_is_told() -> None:
    found = await dashboards_of(watched(counted=6), events=seven)

    assert found.problems == ["different numbers of events: Prometheus 6, metrics 7"]


async def test_a_service_that_is_not_asked_for_its_figures_is_told() -> None:
    found = await dashboards_of(watched(up=service_names()[1:]), events=seven)

    assert found.problems == ["Prometheus hears nothing of orchestrator"]


async def test_a_dashboard_that_grafana_does_not_have_is_told() -> None:
    found = await dashboards_of(watched(boards=BOARDS[1:]), events=seven)

    assert found.problems == [f"Grafana has no dashboard {BOARDS[0]}"]


async def test_a_dashboard_without_a_figure_is_told() -> None:
    board = json.loads((FILES / f"{BOARDS[0]}.json").read_text("utf-8"))

    found = await dashboards_of(watched(empty=tuple(expressions(board))), events=seven)

    assert found.problems == [f"nothing is on dashboard {BOARDS[0]}"]


@pytest.mark.parametrize("name", BOARDS)
def test_nothing_is_left_to_be_chosen_in_what_is_asked(name: str) -> None:
    board = json.loads((FILES / f"{name}.json").read_text("utf-8"))

    asked = list(expressions(board))

    assert asked
    assert [each for each in asked if "$" in each] == []
