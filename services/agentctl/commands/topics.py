# SPDX-License-Identifier: Apache-2.0
"""``agentctl topics``: the topics of an installation, and how far each service has come."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from services.agentctl.commands.topic_tables import show_lag, show_topic, show_topics
from services.agentctl.errors import CommandError
from services.agentctl.kafka import kafka_settings, run
from services.agentctl.output import Json, console, print_json
from shared.clock import SystemClock
from shared.events import Topics
from shared.events.topics import CONSUMING_SERVICES
from shared.messaging.inspection.describing import TopicDescription, describe, topic_names
from shared.messaging.inspection.lag import PartitionLag, group_lag
from shared.settings import KafkaSettings

DESK = "dead_letters"

app = typer.Typer(no_args_is_help=True, help="The topics on Kafka.")


@app.command("list")
def list_topics(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also topics of others.")] = False,
    as_json: Json = False,
) -> None:
    """List the topics of this installation."""
    settings = kafka_settings()
    topics = run(_described(settings, every=every))
    if as_json:
        print_json([topic_data(each) for each in topics])
    else:
        show_topics(console(), topics)


@app.command("describe")
def describe_topic(
    topic: Annotated[str, typer.Argument(help="A topic, such as domain or a full name.")],
    *,
    as_json: Json = False,
) -> None:
    """Show the partitions of a topic, where each begins and ends, and its configuration."""
    settings = kafka_settings()
    found = run(_one(settings, topic))
    if as_json:
        print_json(topic_data(found))
    else:
        show_topic(console(), found)


@app.command()
def lag(
    *,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    partitions: Annotated[bool, typer.Option(help="Also each partition that is behind.")] = False,
    as_json: Json = False,
) -> None:
    """Show how far each service has come in the topics that it reads."""
    settings = kafka_settings()
    services = [*CONSUMING_SERVICES, DESK]
    if service is not None and service not in services:
        raise CommandError(f"{service!r} reads no topic; these do: {', '.join(services)}")
    found = run(_lags(settings, [service] if service else services))
    if as_json:
        print_json({name: [asdict(each) for each in some] for name, some in found.items()})
    else:
        show_lag(console(), found, now=SystemClock().now(), partitions=partitions)


async def _described(settings: KafkaSettings, *, every: bool) -> list[TopicDescription]:
    names = await topic_names(settings)
    ours = {each.name for each in Topics(settings.topic_prefix).specifications()}
    return await describe(settings, [name for name in names if every or name in ours])


async def _one(settings: KafkaSettings, topic: str) -> TopicDescription:
    names = await topic_names(settings)
    for name in (topic, f"{settings.topic_prefix}.{topic}"):
        if name in names:
            return (await describe(settings, [name]))[0]
    raise CommandError(f"no topic {topic!r} at {settings.bootstrap_servers}; see: topics list")


async def _lags(settings: KafkaSettings, services: list[str]) -> dict[str, list[PartitionLag]]:
    topics = Topics(settings.topic_prefix)
    read = {
        name: [topics.domain, topics.infrastructure, topics.retry(name)]
        for name in CONSUMING_SERVICES
    }
    read[DESK] = [topics.dead_letters, topics.infrastructure]
    return {
        name: await group_lag(settings, f"{settings.topic_prefix}.{name}", read[name])
        for name in services
    }


def topic_data(topic: TopicDescription) -> dict[str, Any]:
    """Return a topic as data."""
    return {
        "name": topic.name,
        "replication_factor": topic.replication_factor,
        "records": topic.length,
        "partitions": [
            {
                "partition": each.partition,
                "leader": each.leader,
                "replicas": list(each.replicas),
                "in_sync": list(each.in_sync),
                "first_offset": each.extent.first,
                "end_offset": each.extent.end,
            }
            for each in topic.partitions
        ],
        "config": dict(topic.config),
    }
