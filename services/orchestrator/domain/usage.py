# SPDX-License-Identifier: Apache-2.0
"""What a session has used: reserved before a call, settled after it.

A session makes one call at a time, so it has at most one reservation. One that was never settled
is of a call that was cut off: its provider may have charged for it, so it counts as spent when the
next one is made. A session that crashes again and again comes to its limit, not past it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Spent(BaseModel):
    """What calls took, or will take at most."""

    model_config = ConfigDict(frozen=True)

    tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    model_calls: int = 0
    tool_calls: int = 0
    wall_time: timedelta = timedelta(0)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            tokens=self.tokens + other.tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            model_calls=self.model_calls + other.model_calls,
            tool_calls=self.tool_calls + other.tool_calls,
            wall_time=self.wall_time + other.wall_time,
        )


class Reservation(BaseModel):
    """What is set aside for the call in hand.

    ``most`` is what is counted should the call be cut off; ``since`` is when the call began.
    """

    model_config = ConfigDict(frozen=True)

    turn_id: str
    agent: str
    most: Spent
    since: datetime


class Usage(BaseModel):
    """What the agents of a session have used, and what is set aside.

    ``history_tokens`` is about how many tokens the recorded conversation has.
    """

    model_config = ConfigDict(frozen=True)

    agents: Mapping[str, Spent] = {}
    reserved: Reservation | None = None
    history_tokens: int = 0

    def of(self, agent: str | None = None) -> Spent:
        """Return what an agent has used, or all of them, with what is set aside."""
        spent = [each for name, each in self.agents.items() if agent in {None, name}]
        if self.reserved and agent in {None, self.reserved.agent}:
            spent.append(self.reserved.most)
        return sum(spent, Spent())

    def reserve(self, reservation: Reservation) -> "Usage":
        """Set something aside; what was set aside for a call that never ended is spent."""
        left = self.spend(self.reserved.agent, self.reserved.most) if self.reserved else self
        return left.model_copy(update={"reserved": reservation})

    def settle(self, actual: Spent, *, now: datetime) -> "Usage":
        """Put what a call took in the place of what was set aside for it."""
        if self.reserved is None:
            return self
        took = Spent(wall_time=max(timedelta(0), now - self.reserved.since))
        return self.spend(self.reserved.agent, actual + took).model_copy(update={"reserved": None})

    def settle_cut_off(self, *, now: datetime) -> "Usage":
        """Spend what was set aside for a call that was cut off, and the time that it had."""
        return self.settle(self.reserved.most if self.reserved else Spent(), now=now)

    def spend(self, agent: str, spent: Spent) -> "Usage":
        """Add to what an agent has used."""
        agents = {**self.agents, agent: self.agents.get(agent, Spent()) + spent}
        return self.model_copy(update={"agents": agents})

    def remember(self, tokens: int) -> "Usage":
        """Note that the conversation has grown."""
        return self.model_copy(update={"history_tokens": self.history_tokens + tokens})
