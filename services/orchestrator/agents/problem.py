# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a declaration, in one line that says what to write."""

from pydantic import BaseModel, ValidationError

from services.orchestrator.agents.agent import Agent
from services.orchestrator.agents.approval import ApprovalRule
from services.orchestrator.agents.catalogue import AgentCatalogue
from services.orchestrator.domain.budget import AgentBudget, Budget
from services.orchestrator.domain.client_tool import ClientTool
from services.orchestrator.tools.mcp import McpServer

_NESTED: dict[str, type[BaseModel]] = {
    "session_budget": Budget,
    "agents": Agent,
    "budgets": AgentBudget,
    "approval": ApprovalRule,
    "mcp_servers": McpServer,
    "client_tools": ClientTool,
}


def explain(error: ValidationError) -> str:
    """Return the first problem: the agent, the field, what is wrong and what to write."""
    problems = error.errors(include_url=False)
    location = [str(part) for part in problems[0]["loc"]]
    message = problems[0]["msg"].removeprefix("Value error, ")
    who, field = _named(location)
    hint = _hint(location)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{who}field {field!r}: {_lowered(message)}{hint}{more}"


def _named(location: list[str]) -> tuple[str, str]:
    if location[0] == "agents" and len(location) > 1:
        return f"agent {location[1]!r}, ", ".".join(location[2:]) or "agents"
    return "", ".".join(location)


def _hint(location: list[str]) -> str:
    """Find what the schema says to write at a place, or the fields that there are."""
    model: type[BaseModel] = AgentCatalogue
    hint = ""
    for part in location:
        if part in model.model_fields:
            hint = f"; write {model.model_fields[part].description}"
            model = _NESTED.get(part, model)
        elif part == location[-1] and model is not AgentCatalogue and not part.isdigit():
            hint = f"; the fields are: {', '.join(_set_in_file(model))}"
    return hint


def _set_in_file(model: type[BaseModel]) -> list[str]:
    """Return the fields that a person writes; the name of an agent or a tool is its key."""
    keyed = model in {Agent, ClientTool}
    return [field for field in model.model_fields if not (keyed and field == "name")]


def _lowered(message: str) -> str:
    words = message.replace("valid tuple", "valid list").replace("valid frozenset", "valid list")
    return words[:1].lower() + words[1:]
