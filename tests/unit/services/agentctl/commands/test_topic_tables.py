# SPDX-License-Identifier: Apache-2.0
import io
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console

from services.agentctl.commands.topic_tables import show_lag, show_topic, show_topics
from shared.messaging.inspection.consumer import Extent
from shared.messaging.inspection.describing import PartitionDescription, TopicDescription
from shared.messaging.inspection.lag import PartitionLag

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOUR_MS = 3_600_000


def topic(name: str = "agent-runtime.domain", *, retention: int = -1) -> TopicDescription:
    partitions = [
        PartitionDescription(
            partition=number, leader=1, replicas=[1, 2], in_sync=[1], extent=Extent(10, 10 + number)
        )
        for number in range(3)
    ]
    config = {"retention.ms": str(retention), "cleanup.policy": "delete"}
    return TopicDescription(name=name, partitions=partitions, config=config)


def position(records: int, *, committed: int | None = 3, waited_ms: int = 0) -> PartitionLag:
    return PartitionLag(
        topic="agent-runtime.domain",
        partition=1,
        committed=committed,
        end=9,
        records=records,
        waiting_since=NOW_MS - waited_ms if records else None,
    )


def screen(width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width, color_system=None)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_topics_are_listed_with_how_much_they_hold_and_how_long() -> None:
    console = screen()

    show_topics(console, [topic(), topic("other", retention=2 * HOUR_MS)])

    lines = printed(console).splitlines()
    assert lines[1].split() == ["agent-runtime.domain", "3", "2", "3", "for", "ever"]
    assert "2 hours" in lines[2]


def test_a_compacted_topic_keeps_the_newest_record_of_a_key() -> None:
    console = screen()
    compacted = topic()

    show_topics(
        console, [replace(compacted, config={**compacted.config, "cleanup.policy": "compact"})]
    )

    assert "newest of a key" in printed(console)


def test_a_name_is_not_broken_in_80_columns() -> None:
    console = screen(80)

    show_topics(console, [topic("agent-runtime.agent_context.retry", retention=30 * 24 * HOUR_MS)])

    assert len(printed(console).splitlines()) == 2


def test_no_topics_come_with_how_to_create_them() -> None:
    console = screen()

    show_topics(console, [])

    assert "python -m deploy.kafka.topics" in printed(console)


def test_a_topic_is_shown_with_partitions_and_configuration() -> None:
    console = screen()

    show_topic(console, topic())

    rows = [line.split() for line in printed(console).splitlines()]
    assert ["2", "1", "10", "12", "2", "1", "2", "1"] in rows
    assert ["cleanup.policy", "delete"] in rows


def test_lag_tells_how_long_the_oldest_record_has_waited() -> None:
    console = screen()

    show_lag(console, {"audit": [position(6, waited_ms=2 * HOUR_MS), position(0)]}, now=NOW)

    rows = [line.split() for line in printed(console).splitlines()]
    assert ["audit", "agent-runtime.domain", "6", "2h"] in rows
    assert ["6", "records", "behind"] in rows


def test_lag_of_each_partition_is_shown_where_it_is_asked_for() -> None:
    console = screen()

    show_lag(console, {"audit": [position(6)]}, now=NOW, partitions=True)

    assert "partition 1" in printed(console)


def test_a_group_that_never_committed_is_told_from_one_that_is_behind() -> None:
    console = screen()

    show_lag(console, {"audit": [position(6, committed=None)]}, now=NOW)

    assert "nothing read yet" in printed(console)


def test_nothing_behind_is_said() -> None:
    console = screen()

    show_lag(console, {"audit": [position(0)]}, now=NOW)

    assert "everything is read" in printed(console)
