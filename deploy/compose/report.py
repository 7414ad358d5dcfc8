# SPDX-License-Identifier: Apache-2.0
"""What the demonstration found with the tools of a container stack, and where to look at it."""

from rich.console import Console
from rich.table import Table

from deploy.compose.dashboards import Dashboards
from deploy.compose.session_topics import SessionTopics
from deploy.embedded.demo.story import Story, main_trace

JAEGER = "http://127.0.0.1:16686"
GRAFANA = "http://127.0.0.1:3000"


def print_findings(
    story: Story, topics: SessionTopics, dashboards: Dashboards, console: Console
) -> None:
    """Print the topics, the traces and the dashboards, each with where it can be seen."""
    _topics(story, topics, console)
    _traces(story, console)
    _dashboards(dashboards, console)


def _headline(console: Console, text: str) -> None:
    console.print()
    console.print(f"[bold]{text}[/]", highlight=False)


def _line(console: Console, text: str) -> None:
    console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)


def _topics(story: Story, found: SessionTopics, console: Console) -> None:
    _headline(console, "Its topics")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("  topic")
    for column in ("partitions", "records", "of the session"):
        table.add_column(column, justify="right")
    for topic in found.topics:
        events = found.events.get(topic.name)
        table.add_row(
            f"  {topic.name}",
            str(len(topic.partitions)),
            str(topic.length),
            "" if events is None else str(events),
        )
    console.print(table)
    behind = ", ".join(f"{name} {records}" for name, records in found.behind.items())
    _line(console, f"records not finished: {behind}")
    session_id = story.conversation.session_id
    _line(console, f"docker compose run --rm agentctl events cat --session {session_id}")


def _traces(story: Story, console: Console) -> None:
    _headline(console, "Its traces in Jaeger")
    for exchange in story.conversation.exchanges:
        if trace := main_trace(story, exchange.correlation_id):
            _line(console, f"{JAEGER}/trace/{trace.trace_id}  {exchange.message}")


def _dashboards(found: Dashboards, console: Console) -> None:
    _headline(console, "Its dashboards (user admin, password GRAFANA_ADMIN_PASSWORD in .env)")
    for each in found.boards:
        _line(
            console,
            f"{GRAFANA}/d/{each.uid}  {each.title}: figures for {each.answered} of {each.asked}",
        )
