# SPDX-License-Identifier: Apache-2.0
"""Whether the next call would go over a budget."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from services.orchestrator.domain.budget import Budget
from services.orchestrator.domain.usage import Spent

Limit = Literal[
    "tokens",
    "cost_usd",
    "tool_calls",
    "model_calls",
    "wall_time",
    "handovers",
    "steps",
    "repeated_calls",
    "circles",
]
Scope = Literal["session", "agent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """The limit that the next call would exceed: its bound, what is used, and what was wanted."""

    limit: Limit
    scope: Scope
    bound: float
    used: float
    wanted: float
    detail: str = ""

    def __str__(self) -> str:
        what = f"{self.used:g} used, {self.wanted:g} more wanted"
        detail = f": {self.detail}" if self.detail else ""
        return (
            f"stopped by the {self.scope}'s limit of {self.bound:g} {self.limit} ({what}){detail}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A budget, and what is used of it already."""

    scope: Scope
    budget: Budget
    used: Spent

    def breach(self, wanted: Spent) -> Breach | None:
        """Return the first limit that ``wanted`` would exceed, or None if there is room for it."""
        return next(self._breaches(wanted), None)

    def time_left(self) -> timedelta | None:
        """Return how long calls may still take, or None if there is no bound."""
        bound = self.budget.wall_time
        return None if bound is None else max(timedelta(0), bound - self.used.wall_time)

    def out_of_time(self) -> Breach:
        """Return the breach of the bound on time, for a call that was stopped by it."""
        bound = self.budget.wall_time or timedelta(0)
        used = self.used.wall_time
        return self._breach("wall_time", bound.total_seconds(), used.total_seconds(), 0)

    def _breaches(self, wanted: Spent) -> Iterator[Breach]:
        budget, used = self.budget, self.used
        counted: tuple[tuple[Limit, int | Decimal | None, int | Decimal, int | Decimal], ...] = (
            ("model_calls", budget.model_calls, used.model_calls, wanted.model_calls),
            ("tool_calls", budget.tool_calls, used.tool_calls, wanted.tool_calls),
            ("tokens", budget.tokens, used.tokens, wanted.tokens),
            ("cost_usd", budget.cost_usd, used.cost_usd, wanted.cost_usd),
        )
        for limit, bound, spent, more in counted:
            if bound is not None and more > 0 and spent + more > bound:
                yield self._breach(limit, bound, spent, more)
        if self.time_left() == timedelta(0):
            yield self.out_of_time()

    def _breach(
        self, limit: Limit, bound: float | Decimal, used: float | Decimal, wanted: float | Decimal
    ) -> Breach:
        return Breach(
            limit=limit,
            scope=self.scope,
            bound=float(bound),
            used=float(used),
            wanted=float(wanted),
        )
