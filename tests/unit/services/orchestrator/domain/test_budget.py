# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from services.orchestrator.domain.budget import AgentBudget, Budget


def test_without_a_word_only_the_turn_is_bounded() -> None:
    budget = AgentBudget()

    assert (budget.max_steps, budget.handovers) == (20, 5)
    assert {budget.tokens, budget.cost_usd, budget.tool_calls, budget.wall_time} == {None}


def test_money_is_exact_and_time_is_in_seconds() -> None:
    budget = Budget.model_validate({"cost_usd": "0.10", "wall_time": 90})

    assert budget.cost_usd == Decimal("0.10")
    assert budget.wall_time == timedelta(seconds=90)


def test_a_budget_is_read_again_as_it_is_stored() -> None:
    """Safeguard: a duration is stored as ``PT10M``, which is no number of seconds."""
    budget = Budget.model_validate({"wall_time": 600, "tokens": 5})

    assert Budget.model_validate(budget.model_dump(mode="json")) == budget


@pytest.mark.parametrize(
    "field",
    [
        {"max_steps": 0},
        {"max_steps": 1001},
        {"handovers": -1},
        {"tokens": 0},
        {"cost_usd": 0},
        {"tool_calls": -1},
        {"model_calls": 0},
        {"wall_time": 1e300},
        {"wall_time": "soon"},
        {"tokenz": 1},
    ],
)
def test_bounds_that_bound_nothing_are_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Budget.model_validate(field)
