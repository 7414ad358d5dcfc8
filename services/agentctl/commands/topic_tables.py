# SPDX-License-Identifier: Apache-2.0
"""Topics, their partitions, and lag, as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from services.agentctl.output import cell, fields, plural, table
from shared.messaging.inspection.describing import TopicDescription
from shared.messaging.inspection.lag import PartitionLag

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def show_topics(screen: Console, topics: Sequence[TopicDescription]) -> None:
    """Show one line for each topic."""
    if not topics:
        screen.print("no topics; create them with: python -m deploy.kafka.topics")
        return
    numbers = ("PARTITIONS", "REPLICAS", "RECORDS")
    rows = table("TOPIC", *numbers, "KEPT", right=numbers)
    for topic in topics:
        rows.add_row(
            cell(topic.name),
            cell(len(topic.partitions)),
            cell(topic.replication_factor),
            cell(topic.length),
            cell(_kept(topic.config)),
        )
    screen.print(rows)


def show_topic(screen: Console, topic: TopicDescription) -> None:
    """Show a topic with its partitions and its configuration."""
    screen.print(
        fields(
            [
                ("topic", topic.name),
                ("replicas", topic.replication_factor),
                ("records", topic.length),
                ("kept", _kept(topic.config)),
            ]
        )
    )
    numbers = ("PARTITION", "LEADER", "FIRST", "END", "RECORDS")
    rows = table(*numbers, "REPLICAS", "IN SYNC", right=numbers)
    for each in topic.partitions:
        behind = set(each.replicas) - set(each.in_sync)
        rows.add_row(
            cell(each.partition),
            cell(each.leader),
            cell(each.extent.first),
            cell(each.extent.end),
            cell(each.extent.length),
            cell(" ".join(map(str, each.replicas))),
            cell(" ".join(map(str, each.in_sync))),
            style="red" if behind else "",
        )
    screen.print()
    screen.print(rows)
    if topic.config:
        screen.print()
        screen.print(fields(sorted(topic.config.items())))


def show_lag(
    screen: Console,
    found: Mapping[str, Sequence[PartitionLag]],
    *,
    now: datetime,
    partitions: bool = False,
) -> None:
    """Show how far services are behind: each topic, and each partition if it is asked for."""
    rows = table("SERVICE", "TOPIC", "BEHIND", "OLDEST WAITS", "NOTE", right=("BEHIND",))
    for service, positions in found.items():
        for topic in dict.fromkeys(each.topic for each in positions):
            of_topic = [each for each in positions if each.topic == topic]
            _add(rows, _Row(service, topic, of_topic), now)
            for each in of_topic if partitions else ():
                if each.records:
                    _add(rows, _Row("", f"  partition {each.partition}", [each]), now)
    screen.print(rows)
    behind = sum(each.records for positions in found.values() for each in positions)
    screen.print(f"{plural(behind, 'record')} behind" if behind else "everything is read")


@dataclass(frozen=True, slots=True)
class _Row:
    service: str
    name: str
    positions: Sequence[PartitionLag]


def _add(rows: Table, row: _Row, now: datetime) -> None:
    records = sum(each.records for each in row.positions)
    waiting = min(
        (each.waiting_since for each in row.positions if each.waiting_since), default=None
    )
    never = records and all(each.committed is None for each in row.positions)
    rows.add_row(
        row.service,
        row.name,
        cell(records),
        _age(now, waiting),
        "nothing read yet" if never else "",
        style="yellow" if records else "",
    )


def _kept(config: Mapping[str, str]) -> str:
    """Return how long records are kept, in days or hours, or that of each key the newest is."""
    retention_ms = config.get("retention.ms", "")
    if config.get("cleanup.policy") == "compact":
        return "newest of a key"
    if not retention_ms.lstrip("-").isdigit():
        return ""
    if int(retention_ms) < 0:
        return "for ever"
    kept = timedelta(milliseconds=int(retention_ms))
    return plural(kept // DAY, "day") if kept >= DAY else plural(kept // HOUR, "hour")


def _age(now: datetime, since_ms: int | None) -> str:
    if since_ms is None:
        return ""
    age = max(timedelta(0), now - datetime.fromtimestamp(since_ms / 1000, UTC))
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if age >= unit:
            return f"{age // unit}{letter}"
    return f"{age.seconds}s"
