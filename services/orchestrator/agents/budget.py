# SPDX-License-Identifier: Apache-2.0
"""How much an agent may use before it is stopped."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import Seconds


class Budget(BaseModel):
    """Upper bounds; None is no bound.

    ``max_steps`` and ``handovers`` count within one turn, the others within one session.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_steps: int = Field(
        default=20, ge=1, le=1000, description="how often a model is asked in one turn, 1 to 1000"
    )
    handovers: int = Field(
        default=5, ge=0, le=100, description="how often agents hand over in one turn, 0 to 100"
    )
    tokens: int | None = Field(default=None, ge=1, description="input and output tokens, 1 or more")
    cost_usd: Decimal | None = Field(
        default=None, gt=0, max_digits=12, decimal_places=6, description="US dollars, such as 0.50"
    )
    model_calls: int | None = Field(default=None, ge=1, description="model calls, 1 or more")
    tool_calls: int | None = Field(default=None, ge=0, description="tool calls, 0 or more")
    wall_time: Seconds | None = Field(
        default=None, description="seconds that turns take together, such as 600"
    )
