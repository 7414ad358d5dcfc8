# SPDX-License-Identifier: Apache-2.0
"""``agentctl metrics``: how much happened, how long it took and what it cost."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from services.agentctl.commands.connection import connect
from services.agentctl.output import (
    Json,
    cell,
    console,
    dollars,
    fields,
    moment,
    print_json,
    seconds,
    table,
)
from services.agentctl.text import quoted

METRICS = "metrics"

Column = tuple[str, str]
"""The heading of a column and the figure in it."""

AGENTS: tuple[Column, ...] = (
    ("AGENT", "agent"),
    ("RUNS", "runs"),
    ("FAILURES", "failures"),
    ("ERRORS", "errors"),
    ("AVERAGE", "average_seconds"),
)
TOOLS: tuple[Column, ...] = (
    ("TOOL", "tool"),
    ("CALLS", "calls"),
    ("SUCCEEDED", "succeeded"),
    ("FAILED", "failed"),
    ("AVERAGE", "average_seconds"),
)
MODELS: tuple[Column, ...] = (
    ("MODEL", "model"),
    ("REQUESTS", "requests"),
    ("FAILURES", "failures"),
    ("TOKENS IN", "input_tokens"),
    ("OUT", "output_tokens"),
    ("COST", "cost_usd"),
    ("AVERAGE", "average_seconds"),
)
SWITCHES: tuple[Column, ...] = (("FROM", "from_agent"), ("TO", "to_agent"), ("SWITCHES", "count"))

SESSION = (
    "messages switches agent_runs errors tool_calls tool_failures approvals decisions llm_requests"
    " llm_failures input_tokens output_tokens cached_tokens events"
)
SUMMARY = (
    "messages_received replies turns switches agent_runs agent_errors tool_calls decisions"
    " budget_breaches llm_requests input_tokens output_tokens cached_tokens events"
)
DURATIONS = "duration_seconds agent_seconds tool_seconds llm_seconds"


def metrics(
    session: Annotated[
        str | None, typer.Argument(help="A session; the whole installation if left out.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show the figures of the installation or of one session."""
    found = _installation() if session is None else _session(session)
    if as_json:
        print_json(found)
    elif session is None:
        _show_installation(console(), found)
    else:
        _show_session(console(), found)


def _session(session: str) -> Any:
    with connect() as services:
        return services.get(METRICS, f"/v1/sessions/{quoted(session)}/metrics")


def _installation() -> dict[str, Any]:
    with connect() as services:
        return {
            part: services.get(METRICS, f"/v1/metrics/{part}")
            for part in ("summary", "agents", "tools", "llm", "switches")
        }


def _show_installation(screen: Console, found: dict[str, Any]) -> None:
    summary = found["summary"]
    sessions = summary["sessions"]
    by_state = ", ".join(f"{count} {state}" for state, count in sessions.items())
    screen.print(
        fields(
            [
                ("sessions", by_state),
                *((_label(name), summary[name]) for name in SUMMARY.split()),
                ("cost", dollars(summary["cost_usd"])),
            ]
        )
    )
    _show_rows(screen, AGENTS, found["agents"]["agents"])
    _show_rows(screen, TOOLS, found["tools"]["tools"])
    _show_rows(screen, MODELS, found["llm"]["models"])
    _show_rows(screen, SWITCHES, found["switches"]["switches"])


def _show_session(screen: Console, figures: Any) -> None:
    screen.print(
        fields(
            [
                ("session", figures["session_id"]),
                ("first event", f"{moment(figures['first_event_at'])} UTC"),
                ("last event", f"{moment(figures['last_event_at'])} UTC"),
                *((_label(name), seconds(figures[name])) for name in DURATIONS.split()),
                *((_label(name), figures[name]) for name in SESSION.split()),
                ("cost", dollars(figures["cost_usd"])),
            ]
        )
    )


def _show_rows(screen: Console, columns: Sequence[Column], rows: Sequence[Any]) -> None:
    if not rows:
        return
    names = [heading for heading, _ in columns]
    text = [heading for heading, name in columns if name in {"from_agent", "to_agent"}] or names[:1]
    made = table(*names, right=[heading for heading in names if heading not in text])
    for row in rows:
        made.add_row(*(cell(_value(name, row[name])) for _, name in columns))
    screen.print()
    screen.print(made)


def _value(name: str, value: Any) -> Any:
    if name == "cost_usd":
        return dollars(value)
    return seconds(value) if name.endswith("_seconds") else value


def _label(name: str) -> str:
    return name.removesuffix("_seconds").replace("_", " ").replace("llm", "model")
