# SPDX-License-Identifier: Apache-2.0
"""Whether agents fit to the tools that there are, and to each other."""

from collections.abc import Collection, Iterator, Mapping

from services.orchestrator.agents.agent import Agent
from services.orchestrator.agents.catalogue import AgentCatalogue
from services.orchestrator.tools.hand_over import HAND_OVER

RUN_COMMAND = "run_command"

Tools = Mapping[str, Collection[str] | None]
"""The names of the arguments of every tool; None where only a server knows them."""


def misfits(catalogue: AgentCatalogue, tools: Tools) -> Iterator[str]:
    """Yield each problem as a line that names the agent, the field and what to write."""
    if catalogue.default_agent not in catalogue.agents:
        problem = _unknown("agent", catalogue.default_agent, catalogue.agents)
        yield f"field 'default_agent': {problem}"
    for agent in catalogue.all():
        others = [name for name in catalogue.agents if name != agent.name]
        for field, problem in (
            *_unknown_tools(agent, tools),
            *(
                ("handover", _unknown("agent", to, others))
                for to in agent.handover
                if to not in others
            ),
            *_commands(agent),
            *_rules(agent, tools),
        ):
            yield f"agent {agent.name!r}, field {field!r}: {problem}"


def _unknown(kind: str, name: str, known: Collection[str]) -> str:
    return f"unknown {kind} {name!r}; write one of: {', '.join(known) or '(there is none)'}"


def _unknown_tools(agent: Agent, tools: Tools) -> Iterator[tuple[str, str]]:
    known = [tool for tool in tools if tool != HAND_OVER]
    for tool in agent.tools:
        if tool not in known:
            yield "tools", _unknown("tool", tool, known)


def _commands(agent: Agent) -> Iterator[tuple[str, str]]:
    if (RUN_COMMAND in agent.tools) != bool(agent.commands):
        yield "commands", f"write it together with the tool {RUN_COMMAND!r}, or neither"


def _rules(agent: Agent, tools: Tools) -> Iterator[tuple[str, str]]:
    for number, rule in enumerate(agent.approval):
        covered = [tool for tool in tools if rule.covers(tool)]
        if not covered:
            yield f"approval.{number}.tool", _unknown("tool", rule.tool, tools)
        known = sorted({argument for tool in covered for argument in tools[tool] or ()})
        open_ended = any(tools[tool] is None for tool in covered)
        for argument in rule.when:
            if covered and not open_ended and argument not in known:
                yield f"approval.{number}.when", _unknown("argument", argument, known)
