# SPDX-License-Identifier: Apache-2.0
"""An agent, as it is declared."""

from pydantic import BaseModel, ConfigDict, Field

from services.orchestrator.agents.approval import ApprovalRule
from services.orchestrator.domain.budget import AgentBudget
from services.orchestrator.tools.command_limits import CommandLimits

NAME = r"^[a-z][a-z0-9_]{0,39}$"


class Agent(BaseModel):
    """Who it is, what it may use, and where it has to ask or to stop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern=NAME, description="a name of a-z, 0-9 and _, such as coder, at most 40 long"
    )
    description: str = Field(
        min_length=1,
        max_length=300,
        description="what it is good at, for the agents that hand over",
    )
    instructions: str = Field(
        min_length=1, max_length=50_000, description="what the model is told to do, as text"
    )
    model: str = Field(
        min_length=1, max_length=200, description="a model such as offline or openai:gpt-5"
    )
    fallback_model: str | None = Field(
        default=None, min_length=1, max_length=200, description="a model such as openai:gpt-5"
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="a number from 0 to 2")
    max_output_tokens: int | None = Field(default=None, ge=1, description="a number, 1 or more")
    tools: tuple[str, ...] = Field(default=(), description="a list of tools, such as [read_file]")
    commands: frozenset[str] = Field(
        default=frozenset(),
        description="a list of the programs that run_command may start, such as [python3]",
    )
    command_limits: CommandLimits = Field(
        default=CommandLimits(),
        description="a mapping, such as {memory: 1024, cpu_time: 120, processes: 64}",
    )
    approval: tuple[ApprovalRule, ...] = Field(
        default=(), description="a list of rules, such as [{tool: run_command}]"
    )
    handover: tuple[str, ...] = Field(
        default=(), description="a list of the agents it may hand over to, such as [coder]"
    )
    budgets: AgentBudget = Field(
        default=AgentBudget(), description="a mapping, such as {max_steps: 20}"
    )

    @property
    def models(self) -> tuple[str, ...]:
        """Its model, and the one that stands in for it."""
        fallback = self.fallback_model
        return (self.model, fallback) if fallback and fallback != self.model else (self.model,)

    @property
    def prompt(self) -> str:
        """The instructions as they are given to a model, which is told first who it is."""
        return f'You are the agent "{self.name}": {self.description}\n\n{self.instructions.strip()}'
