# SPDX-License-Identifier: Apache-2.0
"""Every figure that the metrics service shows on ``/metrics``, with its labels and its meaning."""

from typing import Final

from services.metrics import names
from services.metrics.rollup import MINUTES, RUNS, SECONDS
from services.metrics.units import PER_SECOND, PER_USD
from shared.telemetry.definition import Definition

DEFINITIONS: Final = (
    Definition(
        name=names.EVENTS,
        kind="counter",
        unit="{event}",
        meaning="Events seen by the metrics service.",
        labels=("level", "event_type"),
    ),
    Definition(
        name=names.SESSIONS_CREATED, kind="counter", unit="{session}", meaning="Sessions begun."
    ),
    Definition(
        name=names.SESSIONS_ENDED,
        kind="counter",
        unit="{session}",
        meaning="Endings of sessions, by state: completed, expired, deleted. One that is completed"
        " and later deleted is in both.",
        labels=("state",),
    ),
    Definition(
        name=names.SESSIONS_ACTIVE,
        kind="gauge",
        unit="{session}",
        meaning="Sessions neither ended nor deleted.",
    ),
    Definition(
        name=names.MESSAGES,
        kind="counter",
        unit="{message}",
        meaning="Messages, by kind: user, assistant.",
        labels=("kind",),
    ),
    Definition(
        name=names.TURNS,
        kind="counter",
        unit="{turn}",
        meaning="Turns that ended, by outcome.",
        labels=("agent", "outcome"),
    ),
    Definition(
        name=names.TURN_SECONDS,
        kind="histogram",
        unit="s",
        meaning="From the acceptance of a message to the end of its turn, by outcome.",
        labels=("outcome",),
        buckets=RUNS,
    ),
    Definition(
        name=names.BUDGET_BREACHES,
        kind="counter",
        unit="{breach}",
        meaning="Turns stopped by a budget, by which.",
        labels=("limit",),
    ),
    Definition(
        name=names.SWITCHES,
        kind="counter",
        unit="{switch}",
        meaning="Agent switches, by pair.",
        labels=("from_agent", "to_agent"),
    ),
    Definition(
        name=names.AGENT_RUNS,
        kind="counter",
        unit="{run}",
        meaning="Times an agent worked on a turn, by outcome.",
        labels=("agent", "outcome"),
    ),
    Definition(
        name=names.AGENT_SECONDS,
        kind="histogram",
        unit="s",
        meaning="How long agents worked on turns.",
        labels=("agent",),
        buckets=RUNS,
    ),
    Definition(
        name=names.AGENT_ERRORS,
        kind="counter",
        unit="{error}",
        meaning="Errors of agents, by class.",
        labels=("agent", "error_type"),
    ),
    Definition(
        name=names.TOOL_CALLS,
        kind="counter",
        unit="{call}",
        meaning="Tool calls, by outcome.",
        labels=("tool", "outcome"),
    ),
    Definition(
        name=names.TOOL_SECONDS,
        kind="histogram",
        unit="s",
        meaning="How long tool calls took.",
        labels=("tool",),
        buckets=SECONDS,
    ),
    Definition(
        name=names.TOOL_APPROVALS,
        kind="counter",
        unit="{approval}",
        meaning="Tool calls that were put to a person.",
        labels=("tool",),
    ),
    Definition(
        name=names.DECISIONS,
        kind="counter",
        unit="{decision}",
        meaning="Decisions on tool calls: approved, edited, rejected, or expired without one.",
        labels=("tool", "decision"),
    ),
    Definition(
        name=names.DECISION_WAIT,
        kind="histogram",
        unit="s",
        meaning="From request to decision, by decision: approved, edited, rejected, expired.",
        labels=("decision",),
        buckets=MINUTES,
    ),
    Definition(
        name=names.LLM_REQUESTS,
        kind="counter",
        unit="{request}",
        meaning="Model calls, by outcome.",
        labels=("model", "outcome"),
    ),
    Definition(
        name=names.LLM_SECONDS,
        kind="histogram",
        unit="s",
        meaning="How long model calls took.",
        labels=("model",),
        buckets=SECONDS,
    ),
    Definition(
        name=names.LLM_TOKENS,
        kind="counter",
        unit="{token}",
        meaning="Tokens, by direction: input, output, cached.",
        labels=("direction", "model"),
    ),
    Definition(
        name=names.LLM_COST,
        kind="counter",
        unit="{usd}",
        meaning="Cost of model calls.",
        labels=("model",),
    ),
)


def scale(definition: Definition) -> int:
    """Return by what the kept whole number of a figure is divided to have it in its unit."""
    return {"s": PER_SECOND, "{usd}": PER_USD}.get(definition.unit, 1)
