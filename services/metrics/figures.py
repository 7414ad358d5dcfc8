# SPDX-License-Identifier: Apache-2.0
"""Turns the kept totals into answers."""

from collections.abc import Iterator, Mapping

from services.metrics import names
from services.metrics.answers import (
    AgentFigures,
    Counts,
    DecisionFigures,
    ErrorFigures,
    EventCounts,
    LlmFigures,
    SessionFigures,
    SessionsSummary,
    Summary,
    SwitchFigures,
    ToolFigures,
)
from services.metrics.changes import Key
from services.metrics.rollup import EXPIRED, FAILURE, SUCCESS
from services.metrics.units import moment, seconds, usd

Totals = Mapping[Key, int]
Labels = tuple[str, ...]


def switches(totals: Totals) -> list[SwitchFigures]:
    """Return how often each agent was followed by which."""
    return [
        SwitchFigures(from_agent=from_agent, to_agent=to_agent, count=count)
        for (from_agent, to_agent), count in _of(totals, names.SWITCHES)
    ]


def agents(totals: Totals) -> list[AgentFigures]:
    """Return how each agent did."""
    return [_agent(totals, name) for name in _values(totals, names.AGENT_RUNS, names.AGENT_ERRORS)]


def _agent(totals: Totals, agent: str) -> AgentFigures:
    failures = totals.get((names.AGENT_RUNS, agent, FAILURE), 0)
    runs = failures + totals.get((names.AGENT_RUNS, agent, SUCCESS), 0)
    total = seconds(totals.get((names.AGENT_SECONDS, agent, names.SUM), 0))
    return AgentFigures(
        agent=agent,
        runs=runs,
        failures=failures,
        errors=_sum(totals, names.AGENT_ERRORS, agent),
        total_seconds=total,
        average_seconds=_average(total, runs),
    )


def tools(totals: Totals) -> list[ToolFigures]:
    """Return how each tool did."""
    return [_tool(totals, name) for name in _values(totals, names.TOOL_CALLS)]


def _tool(totals: Totals, tool: str) -> ToolFigures:
    failed = totals.get((names.TOOL_CALLS, tool, FAILURE), 0)
    succeeded = totals.get((names.TOOL_CALLS, tool, SUCCESS), 0)
    calls = failed + succeeded
    total = seconds(totals.get((names.TOOL_SECONDS, tool, names.SUM), 0))
    return ToolFigures(
        tool=tool,
        calls=calls,
        succeeded=succeeded,
        failed=failed,
        success_rate=_average(succeeded, calls),
        average_seconds=_average(total, calls),
    )


def decisions(totals: Totals) -> list[DecisionFigures]:
    """Return what was decided on the calls of each tool."""
    return [
        DecisionFigures(
            tool=tool,
            requested=totals.get((names.TOOL_APPROVALS, tool), 0),
            approved=totals.get((names.DECISIONS, tool, "approved"), 0),
            edited=totals.get((names.DECISIONS, tool, "edited"), 0),
            rejected=totals.get((names.DECISIONS, tool, "rejected"), 0),
            expired=totals.get((names.DECISIONS, tool, EXPIRED), 0),
        )
        for tool in _values(totals, names.TOOL_APPROVALS, names.DECISIONS)
    ]


def errors(totals: Totals) -> list[ErrorFigures]:
    """Return which errors each agent met with."""
    return [
        ErrorFigures(agent=agent, error_type=error_type, count=count)
        for (agent, error_type), count in _of(totals, names.AGENT_ERRORS)
    ]


def llm(totals: Totals) -> list[LlmFigures]:
    """Return how each model did, and what it cost."""
    return [_llm(totals, model) for model in _values(totals, names.LLM_REQUESTS)]


def _llm(totals: Totals, model: str) -> LlmFigures:
    failures = totals.get((names.LLM_REQUESTS, model, FAILURE), 0)
    requests = failures + totals.get((names.LLM_REQUESTS, model, SUCCESS), 0)
    total = seconds(totals.get((names.LLM_SECONDS, model, names.SUM), 0))
    return LlmFigures(
        model=model,
        requests=requests,
        failures=failures,
        input_tokens=totals.get((names.LLM_TOKENS, "input", model), 0),
        output_tokens=totals.get((names.LLM_TOKENS, "output", model), 0),
        cached_tokens=totals.get((names.LLM_TOKENS, "cached", model), 0),
        cost_usd=usd(totals.get((names.LLM_COST, model), 0)),
        average_seconds=_average(total, requests),
    )


def summary(totals: Totals) -> Summary:
    """Return the figures of the whole installation, each in one number."""
    return Summary(
        events=_sum(totals, names.EVENTS),
        sessions=SessionsSummary(
            created=_sum(totals, names.SESSIONS_CREATED),
            active=active_sessions(totals),
            completed=totals.get((names.SESSIONS_ENDED, "completed"), 0),
            expired=totals.get((names.SESSIONS_ENDED, "expired"), 0),
            deleted=totals.get((names.SESSIONS_ENDED, "deleted"), 0),
        ),
        messages_received=totals.get((names.MESSAGES, "user"), 0),
        replies=totals.get((names.MESSAGES, "assistant"), 0),
        turns=_sum(totals, names.TURNS),
        switches=_sum(totals, names.SWITCHES),
        agent_runs=_sum(totals, names.AGENT_RUNS),
        agent_errors=_sum(totals, names.AGENT_ERRORS),
        tool_calls=_sum(totals, names.TOOL_CALLS),
        decisions=_sum(totals, names.DECISIONS),
        budget_breaches=_sum(totals, names.BUDGET_BREACHES),
        llm_requests=_sum(totals, names.LLM_REQUESTS),
        input_tokens=_sum(totals, names.LLM_TOKENS, "input"),
        output_tokens=_sum(totals, names.LLM_TOKENS, "output"),
        cached_tokens=_sum(totals, names.LLM_TOKENS, "cached"),
        cost_usd=usd(_sum(totals, names.LLM_COST)),
    )


def counts(totals: Totals) -> Counts:
    """Return how many different events were counted, by level and type, of how many sessions."""
    by_type: dict[str, dict[str, int]] = {"domain": {}, "infrastructure": {}}
    for (level, event_type), count in _of(totals, names.EVENTS):
        by_type[level][event_type] = count
    by_level = {level: sum(types.values()) for level, types in by_type.items()}
    return Counts(
        events=EventCounts(total=sum(by_level.values()), by_level=by_level, by_type=by_type),
        sessions=_sum(totals, names.SESSIONS_SEEN),
    )


def session(session_id: str, figures: Mapping[str, int]) -> SessionFigures:
    """Return the figures of one session."""
    first, last = figures["first_at"], figures["last_at"]
    return SessionFigures(
        session_id=session_id,
        first_event_at=moment(first),
        last_event_at=moment(last),
        duration_seconds=seconds(last - first),
        agent_seconds=seconds(figures.get("agent_micros", 0)),
        tool_seconds=seconds(figures.get("tool_micros", 0)),
        llm_seconds=seconds(figures.get("llm_micros", 0)),
        cost_usd=usd(figures.get("cost_nano_usd", 0)),
        **{name: figures.get(name, 0) for name in SessionFigures.counted()},
    )


def active_sessions(totals: Totals) -> int:
    """Return how many sessions have begun and are not over."""
    begun = totals.get((names.SESSIONS_CREATED,), 0)
    return max(0, begun - totals.get((names.SESSIONS_OVER,), 0))


def _of(totals: Totals, name: str) -> Iterator[tuple[Labels, int]]:
    for (figure, *labels), amount in sorted(totals.items()):
        if figure == name:
            yield tuple(labels), amount


def _values(totals: Totals, *figures: str) -> list[str]:
    """Return the values that the first label of some figures has."""
    return sorted({key[1] for key in totals if key[0] in figures})


def _sum(totals: Totals, *prefix: str) -> int:
    return sum(amount for key, amount in totals.items() if key[: len(prefix)] == prefix)


def _average(total: float, count: int) -> float | None:
    return total / count if count else None
