# SPDX-License-Identifier: Apache-2.0
"""Sets aside what a call may take before it is made, or says which limit it would exceed."""

from collections.abc import Iterator
from datetime import timedelta

from services.orchestrator.agents import Agent, AgentCatalogue
from services.orchestrator.domain.budget import Budget
from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.domain.limits import Bounded, Breach
from services.orchestrator.domain.session import Session
from services.orchestrator.domain.turn import Turn
from services.orchestrator.domain.usage import Reservation, Spent
from services.orchestrator.models import estimated_cost, tokens_of_text
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.toolbox import Toolboxes

ONE_TOOL_CALL = Spent(tool_calls=1)


class Budgets:
    """The budgets of sessions and agents, and what the next call of each may take.

    What is used is kept in the row of the session, which is locked in every transaction that
    records a step. So a reservation is committed with the decision to make the call, and all
    replicas see the same figures.
    """

    def __init__(
        self, agents: AgentCatalogue, toolboxes: Toolboxes, *, assumed_output_tokens: int
    ) -> None:
        self._agents = agents
        self._toolboxes = toolboxes
        self._assumed_output_tokens = assumed_output_tokens
        self._preambles: dict[str, int] = {}

    def of_session(self, session: Session) -> Budget:
        """Return what bounds all agents of a session together."""
        return self._agents.session_budget.within(session.budget)

    def reserve_model_call(self, work: SessionWork, turn: Turn, agent: Agent) -> Breach | None:
        """Set aside what asking the agent's model takes at most; or return the limit in the way."""
        return self._reserve(work, turn, agent, self.of_model_call(work.session, turn, agent))

    def reserve_tool_call(self, work: SessionWork, turn: Turn, agent: Agent) -> Breach | None:
        """Set aside one call of a tool; or return the limit in the way."""
        return self._reserve(work, turn, agent, ONE_TOOL_CALL)

    def breach(self, session: Session, agent: Agent, wanted: Spent) -> Breach | None:
        """Return the first limit that a call would exceed, or None if there is room for it."""
        breaches = (each.breach(wanted) for each in self._bounds(session, agent))
        return next((each for each in breaches if each), None)

    def time_left(self, session: Session, agent: Agent) -> timedelta | None:
        """Return how long the next call may take, or None if nothing bounds it."""
        left = [each.time_left() for each in self._bounds(session, agent)]
        return min((each for each in left if each is not None), default=None)

    def out_of_time(self, session: Session, agent: Agent) -> Breach:
        """Return the limit on time that a call was stopped by: the one with the least left."""
        bounds = (each for each in self._bounds(session, agent) if each.time_left() is not None)
        return min(bounds, key=lambda each: each.time_left() or timedelta(0)).out_of_time()

    def of_model_call(self, session: Session, turn: Turn, agent: Agent) -> Spent:
        """Return what asking the agent's model takes at most: the conversation and an answer."""
        given = session.usage.history_tokens + self._preamble(agent)
        given += sum(tokens_of_text(_declared(tool)) for tool in turn.client_tools)
        answer = agent.max_output_tokens or self._assumed_output_tokens
        costs = [
            estimated_cost(model, input_tokens=given, output_tokens=answer)
            for model in agent.models
            if self._is_paid(session, agent)
        ]
        return Spent(
            model_calls=1, tokens=given + answer, cost_usd=max(costs, default=Spent().cost_usd)
        )

    def _reserve(self, work: SessionWork, turn: Turn, agent: Agent, most: Spent) -> Breach | None:
        breach = self.breach(work.session, agent, most)
        if breach is None:
            reservation = Reservation(turn_id=turn.id, agent=agent.name, most=most, since=work.now)
            work.change(usage=work.session.usage.reserve(reservation))
        return breach

    def _bounds(self, session: Session, agent: Agent) -> Iterator[Bounded]:
        usage = session.usage
        yield Bounded(scope="agent", budget=agent.budgets, used=usage.of(agent.name))
        yield Bounded(scope="session", budget=self.of_session(session), used=usage.of())

    def _is_paid(self, session: Session, agent: Agent) -> bool:
        bounds = (agent.budgets.cost_usd, self.of_session(session).cost_usd)
        return any(bound is not None for bound in bounds)

    def _preamble(self, agent: Agent) -> int:
        """Return the tokens of what each request begins with: the instructions and the tools."""
        if agent.name not in self._preambles:
            offered = self._toolboxes.of(agent).offer(self._agents.targets(agent.name))
            texts = [f"{each.description}{each.parameters_json_schema}" for each in offered]
            self._preambles[agent.name] = sum(map(tokens_of_text, [agent.prompt, *texts]))
        return self._preambles[agent.name]


def _declared(tool: ClientTool) -> str:
    return f"{tool.description}{tool.parameters}"
