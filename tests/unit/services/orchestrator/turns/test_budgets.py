# SPDX-License-Identifier: Apache-2.0
"""What is set aside for a call of a model."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.orchestrator.agents import load_catalogue
from services.orchestrator.domain.usage import Usage
from services.orchestrator.models import estimated_cost
from services.orchestrator.tools import ToolRegistry
from services.orchestrator.turns.budgets import Budgets
from services.orchestrator.turns.toolbox import Toolboxes
from tests.support.agents_files import agents_file
from tests.support.turns import a_session, a_turn

CHEAP, DEAR = "openai:gpt-4o-mini", "openai:gpt-4o"


@pytest.mark.parametrize(("model", "fallback"), [(CHEAP, DEAR), (DEAR, CHEAP)])
def test_the_dearer_of_a_model_and_its_fallback_is_set_aside(
    tmp_path: Path, model: str, fallback: str
) -> None:
    """Safeguard: a budget holds whichever of ``Agent.models`` answers."""
    fields = {"model": model, "fallback_model": fallback, "budgets": {"cost_usd": 1}}
    registry = ToolRegistry()
    agents = load_catalogue(agents_file(tmp_path, {"a": fields}), tools=registry.arguments)
    budgets = Budgets(agents, Toolboxes(registry, {}), assumed_output_tokens=1000)
    session = a_session(usage=Usage(history_tokens=5000))

    most = budgets.of_model_call(session, a_turn(), agents.default)

    given = most.tokens - 1000
    assert most.cost_usd == estimated_cost(DEAR, input_tokens=given, output_tokens=1000)
    assert most.cost_usd > estimated_cost(CHEAP, input_tokens=given, output_tokens=1000)
    assert most.cost_usd > Decimal(0)
    assert most.model_calls == 1
