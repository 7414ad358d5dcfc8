# SPDX-License-Identifier: Apache-2.0
"""``python -m deploy.compose.demo``: the demo's conversation on the stack that docker compose runs.

It runs inside of the private network. Beside what the demonstration checks anyway, the session has
to be found whole in Jaeger, on the topics, and in the figures behind the dashboards.
"""

import asyncio
import sys
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from rich.console import Console
from rich.markup import escape

from deploy.compose.dashboards import Dashboards, Watched, dashboards_of
from deploy.compose.jaeger import Jaeger
from deploy.compose.report import print_findings
from deploy.compose.session_topics import SessionTopics, topics_of
from deploy.embedded.addresses import StackAddresses
from deploy.embedded.catalogue import SERVICES
from deploy.embedded.demo.report import print_report
from deploy.embedded.demo.services import Services
from deploy.embedded.demo.story import TRACED, Story, add_traces, tell_story, turns_of
from deploy.embedded.progress import ConsoleProgress, Progress
from shared.clock import SystemClock
from shared.errors import AgentRuntimeError
from shared.settings import KafkaSettings, RedisSettings, explain

STATE = Path("/var/lib/agent-runtime")


class DemoSettings(BaseSettings):
    """Where the stack is watched, seen from inside of its network."""

    model_config = SettingsConfigDict(env_prefix="DEMO_", frozen=True)

    jaeger_url: str = "http://jaeger:16686"
    prometheus_url: str = "http://prometheus:9090"
    grafana_url: str = "http://grafana:3000"
    grafana_password: SecretStr = SecretStr("")


def main() -> None:
    """Hold the conversation, and leave with 0 only if everything agrees."""
    try:
        sys.exit(asyncio.run(run(DemoSettings(), KafkaSettings())))
    except ValidationError as error:
        sys.exit(str(explain(error)))
    except AgentRuntimeError as error:
        sys.exit(str(error))


async def run(settings: DemoSettings, kafka: KafkaSettings) -> int:
    """Do everything, print what was found, and return 0 if all of it agrees, else 1."""
    console = Console()
    addresses = _addresses(kafka)
    began = SystemClock().now()
    with ConsoleProgress(console) as progress:
        async with Services(addresses.services) as services:
            story = await tell_story(
                services, addresses, workspaces=STATE / "workspaces", progress=progress
            )
            await _find_traces(story, Jaeger(settings.jaeger_url), progress)
            topics = await topics_of(kafka, story, since=began)
            progress.done("found the session on its topics")
            dashboards = await _dashboards(services, settings)
            progress.done("asked Prometheus what every panel of every dashboard asks")
        progress.doing("")
    print_report(story, console)
    print_findings(story, topics, dashboards, console)
    return _verdict(story, topics, dashboards, console)


async def _find_traces(story: Story, jaeger: Jaeger, progress: Progress) -> None:
    progress.doing("asking Jaeger for the traces of the turns")
    add_traces(story, await jaeger.traces_of(turns_of(story), services=TRACED))
    progress.done("found the traces of the turns in Jaeger")


async def _dashboards(services: Services, settings: DemoSettings) -> Dashboards:
    async def events() -> int:
        counts = await services.get("metrics", "/v1/counts")
        total: int = counts["events"]["total"]
        return total

    watched = Watched(
        prometheus_url=settings.prometheus_url,
        grafana_url=settings.grafana_url,
        password=settings.grafana_password,
    )
    return await dashboards_of(watched, events=events)


def _addresses(kafka: KafkaSettings) -> StackAddresses:
    return StackAddresses(
        pid=0,
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        kafka_topic_prefix=kafka.topic_prefix,
        database_urls={},
        redis_url=RedisSettings().url.get_secret_value(),
        services={entry.name: f"http://{entry.name}:{entry.port}" for entry in SERVICES},
        state_dir=STATE,
    )


def _verdict(story: Story, topics: SessionTopics, dashboards: Dashboards, console: Console) -> int:
    problems = [*story.problems, *topics.problems, *dashboards.problems]
    console.print()
    if not problems:
        console.print("[green]✓[/] Everything agrees.", highlight=False)
        return 0
    console.print("[red]✗ not everything agrees:[/]")
    for problem in problems:
        console.print(f"  {escape(problem)}", highlight=False)
    return 1


if __name__ == "__main__":
    main()
