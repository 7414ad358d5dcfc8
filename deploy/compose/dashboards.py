# SPDX-License-Identifier: Apache-2.0
"""Whether the dashboards are there, and whether Prometheus can answer what they ask."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

import deploy
from deploy.embedded.catalogue import service_names
from deploy.embedded.demo.services import DemoError
from deploy.embedded.demo.waiting import until

FILES = Path(deploy.__file__).parent / "grafana" / "dashboards"
USER = "admin"
TAG = "agent-runtime"
COUNTED = "sum(max without (instance) (agent_runtime_events_total))"
ANSWERING = "count by (job) (up == 1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where the figures are; ``transports`` lead to Prometheus and Grafana, the network if None."""

    prometheus_url: str
    grafana_url: str
    password: SecretStr
    transports: tuple[httpx.AsyncBaseTransport | None, httpx.AsyncBaseTransport | None] = (
        None,
        None,
    )

    def prometheus(self) -> httpx.AsyncClient:
        """Return a client of Prometheus."""
        return httpx.AsyncClient(
            base_url=self.prometheus_url, timeout=10, trust_env=False, transport=self.transports[0]
        )

    def grafana(self) -> httpx.AsyncClient:
        """Return a client of Grafana, as its administrator."""
        return httpx.AsyncClient(
            base_url=self.grafana_url,
            timeout=10,
            trust_env=False,
            auth=httpx.BasicAuth(USER, self.password.get_secret_value()),
            transport=self.transports[1],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard of ours: how many things it asks for, and how many of them there are."""

    uid: str
    title: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboards:
    """All of them, and what is wrong with them."""

    boards: Sequence[Dashboard]
    problems: Sequence[str]


async def dashboards_of(watched: Watched, *, events: Callable[[], Awaitable[int]]) -> Dashboards:
    """Ask Grafana for the dashboards, and Prometheus for all that is on them.

    ``events`` tells how many events the services have, which Prometheus has to have counted too.

    Raises:
        DemoError: one of them does not answer.
    """
    async with watched.prometheus() as prometheus, watched.grafana() as grafana:
        problems = [*await _miscounted(prometheus, events), *await _unheard(prometheus)]
        there = {each["uid"] for each in await _ask(grafana, "/api/search", tag=TAG)}
        boards = await _filled(prometheus)
    missing = [each.uid for each in boards if each.uid not in there]
    problems += [f"Grafana has no dashboard {uid}" for uid in missing]
    problems += [f"nothing is on dashboard {each.uid}" for each in boards if not each.answered]
    return Dashboards(boards=boards, problems=problems)


def expressions(board: Mapping[str, Any]) -> Iterator[str]:
    """Return what a dashboard asks for, with everything chosen that can be chosen."""
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            text: str = target["expr"].replace("$__rate_interval", "5m")
            for variable in board["templating"]["list"]:
                text = text.replace(f"${variable['name']}", variable["allValue"])
            yield text


async def _filled(prometheus: httpx.AsyncClient) -> list[Dashboard]:
    """Return the dashboards once each has a figure, or as they are; a rate needs two visits."""
    boards = [json.loads(path.read_text("utf-8")) for path in sorted(FILES.glob("*.json"))]
    found: list[Dashboard] = []

    async def look() -> bool:
        found[:] = [await _answered(prometheus, each) for each in boards]
        return all(each.answered for each in found)

    with suppress(DemoError):  # which of them is empty is told as a problem
        await until("every dashboard to have a figure", look)
    return found


async def _answered(prometheus: httpx.AsyncClient, board: Mapping[str, Any]) -> Dashboard:
    answers = [await _values(prometheus, each) for each in expressions(board)]
    return Dashboard(
        uid=board["uid"],
        title=board["title"],
        asked=len(answers),
        answered=sum(bool(each) for each in answers),
    )


async def _miscounted(
    prometheus: httpx.AsyncClient, events: Callable[[], Awaitable[int]]
) -> list[str]:
    """Return in what the figures differ from what the services say, once they had time to come."""
    counted: dict[str, int] = {}

    async def look() -> bool:
        figures = await _values(prometheus, COUNTED)
        counted["Prometheus"] = int(float(figures[0]["value"][1])) if figures else 0
        counted["metrics"] = await events()
        return counted["metrics"] == counted["Prometheus"]

    with suppress(DemoError):  # what differs is told as a problem
        await until("Prometheus to have counted all events", look)
    said = ", ".join(f"{name} {count}" for name, count in counted.items())
    return [] if len(set(counted.values())) == 1 else [f"different numbers of events: {said}"]


async def _unheard(prometheus: httpx.AsyncClient) -> list[str]:
    answering = {each["metric"]["job"] for each in await _values(prometheus, ANSWERING)}
    return [
        f"Prometheus hears nothing of {name}" for name in service_names() if name not in answering
    ]


async def _values(prometheus: httpx.AsyncClient, expression: str) -> Sequence[Any]:
    answer = await _ask(prometheus, "/api/v1/query", query=expression)
    found: Sequence[Any] = answer["data"]["result"]
    return found


async def _ask(client: httpx.AsyncClient, path: str, **query: str) -> Any:
    try:
        response = await client.get(path, params=query)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise DemoError(f"{client.base_url} does not answer {path} {query}: {error}") from error
    return response.json()
