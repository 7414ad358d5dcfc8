# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.orchestrator.domain.budget import Budget
from services.orchestrator.domain.limits import Bounded
from services.orchestrator.domain.usage import Spent


def bounded(bound: dict[str, Any], used: dict[str, Any]) -> Bounded:
    return Bounded(
        scope="agent", budget=Budget.model_validate(bound), used=Spent.model_validate(used)
    )


@pytest.mark.parametrize(
    ("limit", "bound", "used", "wanted"),
    [
        ("tokens", 100, 60, 41),
        ("cost_usd", Decimal("0.5"), Decimal("0.3"), Decimal("0.21")),
        ("model_calls", 3, 3, 1),
        ("tool_calls", 0, 0, 1),
    ],
)
def test_a_call_that_would_exceed_a_limit_is_named_with_what_is_used_and_wanted(
    limit: str, bound: Any, used: Any, wanted: Any
) -> None:
    breach = bounded({limit: bound}, {limit: used}).breach(Spent.model_validate({limit: wanted}))

    assert breach is not None
    assert breach.limit == limit
    assert (breach.bound, breach.used, breach.wanted) == (float(bound), float(used), float(wanted))
    assert limit in str(breach)


@pytest.mark.parametrize(
    ("limit", "bound", "used", "wanted"),
    [
        ("tokens", 100, 60, 40),
        ("cost_usd", Decimal("0.5"), Decimal("0.3"), Decimal("0.2")),
        ("model_calls", 3, 2, 1),
        ("tool_calls", 2, 2, 0),
        ("tokens", None, 10**9, 1),
    ],
)
def test_a_limit_can_be_used_up_to_the_last(limit: str, bound: Any, used: Any, wanted: Any) -> None:
    budget = bounded({limit: bound} if bound else {}, {limit: used})

    assert budget.breach(Spent.model_validate({limit: wanted})) is None


def test_time_is_up_when_none_is_left() -> None:
    budget = bounded({"wall_time": 60}, {"wall_time": timedelta(seconds=59)})
    assert budget.time_left() == timedelta(seconds=1)
    assert budget.breach(Spent(model_calls=1)) is None

    breach = bounded({"wall_time": 60}, {"wall_time": timedelta(seconds=61)}).breach(Spent())

    assert breach is not None
    assert (breach.limit, breach.used) == ("wall_time", 61)


def test_of_two_budgets_the_tighter_bound_holds() -> None:
    one = Budget(tokens=100, tool_calls=0)
    other = Budget(tokens=50, wall_time=timedelta(seconds=9), tool_calls=7)

    both = one.within(other)

    assert both == Budget(tokens=50, tool_calls=0, wall_time=timedelta(seconds=9))
    assert one.within(None) == one
