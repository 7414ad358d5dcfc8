# SPDX-License-Identifier: Apache-2.0
"""How much a session or an agent may use before it is stopped."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from shared.settings import Seconds


class Budget(BaseModel, frozen=True, extra="forbid"):
    """Upper bounds; None is no bound.

    ``max_steps``, ``handovers``, ``repeated_calls`` and ``circles`` count within one turn, the
    others within one session.
    """

    max_steps: int | None = Field(
        default=None, ge=1, le=1000, description="how often a model is asked in one turn, 1 to 1000"
    )
    handovers: int | None = Field(
        default=None, ge=0, le=100, description="how often agents hand over in one turn, 0 to 100"
    )
    repeated_calls: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="how often one call may give the same result in one turn, 1 to 1000",
    )
    circles: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="how often a handover may be repeated with no work in between, 1 to 100",
    )
    tokens: int | None = Field(
        default=None, ge=1, le=10**12, description="input and output tokens, 1 or more"
    )
    cost_usd: Decimal | None = Field(
        default=None, gt=0, max_digits=12, decimal_places=6, description="US dollars, such as 0.50"
    )
    model_calls: int | None = Field(
        default=None, ge=1, le=10**9, description="model calls, 1 or more"
    )
    tool_calls: int | None = Field(
        default=None, ge=0, le=10**9, description="tool calls, 0 or more"
    )
    wall_time: Seconds | None = Field(
        default=None,
        ge=timedelta(0),
        le=timedelta(days=365),
        description="seconds that model and tool calls take together, such as 600",
    )

    def within(self, other: "Budget | None") -> "Budget":
        """Return the tighter bound of the two, field by field."""
        if other is None:
            return self
        bounds: dict[str, Any] = {}
        for name in Budget.model_fields:
            given = [
                each for each in (getattr(self, name), getattr(other, name)) if each is not None
            ]
            bounds[name] = min(given, default=None)
        return Budget.model_construct(**bounds)


class AgentBudget(Budget, frozen=True, extra="forbid"):
    """The bounds of one agent, who is stopped within a turn even if the file says nothing."""

    max_steps: int = Field(
        default=20, ge=1, le=1000, description="how often a model is asked in one turn, 1 to 1000"
    )
    handovers: int = Field(
        default=5, ge=0, le=100, description="how often agents hand over in one turn, 0 to 100"
    )
    repeated_calls: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="how often one call may give the same result in one turn, 1 to 1000",
    )
    circles: int = Field(
        default=2,
        ge=1,
        le=100,
        description="how often a handover may be repeated with no work in between, 1 to 100",
    )
