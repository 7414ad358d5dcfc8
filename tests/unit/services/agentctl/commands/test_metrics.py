# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.metrics.answers import (
    AgentFigures,
    Agents,
    Llm,
    LlmFigures,
    SessionFigures,
    SessionsSummary,
    Summary,
    Switches,
    SwitchFigures,
    ToolFigures,
    Tools,
)
from tests.support.agentctl import Agentctl
from tests.support.http_answers import HttpAnswers

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUMMARY = Summary.model_validate(
    {
        **dict.fromkeys(Summary.model_fields, 7),
        "sessions": SessionsSummary(created=5, active=3, completed=2, expired=0, deleted=0),
        "cost_usd": Decimal("0.5"),
    }
)
PARTS: dict[str, Any] = {
    "summary": SUMMARY,
    "agents": Agents(
        agents=[
            AgentFigures(
                agent="coder",
                runs=3,
                failures=1,
                errors=1,
                total_seconds=6,
                average_seconds=2,
            )
        ]
    ),
    "tools": Tools(
        tools=[
            ToolFigures(
                tool="write_file",
                calls=4,
                succeeded=3,
                failed=1,
                success_rate=0.75,
                average_seconds=0.01,
            )
        ]
    ),
    "llm": Llm(
        models=[
            LlmFigures(
                model="offline",
                requests=9,
                failures=0,
                input_tokens=100,
                output_tokens=50,
                cached_tokens=0,
                cost_usd=Decimal("0.25"),
                average_seconds=None,
            )
        ]
    ),
    "switches": Switches(
        total=2, switches=[SwitchFigures(from_agent="orchestrator", to_agent="coder", count=2)]
    ),
}


def test_the_installation_is_shown_in_figures(agentctl: Agentctl, services: HttpAnswers) -> None:
    views = {part: answer.model_dump(mode="json") for part, answer in PARTS.items()}
    for part, view in views.items():
        services.on(f"GET /metrics/v1/metrics/{part}", view)

    outcome = agentctl("metrics")

    assert outcome.code == 0
    for text in (
        "5 created, 3 active",
        "0.5000 USD",
        "coder",
        "2.0 s",
        "write_file",
        "10 ms",
        "offline",
        "orchestrator",
    ):
        assert text in outcome.out, text
    assert outcome.widest <= 100
    assert agentctl("metrics", "--json").data == views


def test_a_session_is_shown_in_figures(agentctl: Agentctl, services: HttpAnswers) -> None:
    figures = SessionFigures.model_validate(
        {
            **dict.fromkeys(SessionFigures.model_fields, 3),
            "session_id": "s-1",
            "first_event_at": MOMENT,
            "last_event_at": MOMENT,
            "cost_usd": Decimal("0.0125"),
        }
    ).model_dump(mode="json")
    services.on("GET /metrics/v1/sessions/s-1/metrics", figures)

    outcome = agentctl("metrics", "s-1")

    for text in ("s-1", "2026-03-01 12:00:00 UTC", "0.0125 USD", "3.0 s", "model requests"):
        assert text in outcome.out, text
    assert agentctl("metrics", "s-1", "--json").data == figures
