# SPDX-License-Identifier: Apache-2.0
"""How an agent asks that another agent goes on.

It looks like a tool to the model, but nothing is called: the engine reads the arguments and
switches. So it is no ``Tool``, only its declaration.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import Field, ValidationError
from pydantic_ai.tools import ToolDefinition

from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.tool import Arguments, describe

HAND_OVER = "hand_over"


class HandOver(Arguments):
    """To whom, why, and how sure the agent is."""

    to_agent: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=1000, description="why that agent, in a sentence")
    confidence: float = Field(default=1.0, ge=0, le=1, description="how sure you are, 0 to 1")


@cache
def hand_over_schema() -> dict[str, Any]:
    """Return the JSON Schema of the arguments; it is shared, so do not change it."""
    return HandOver.model_json_schema()


def hand_over_definition(targets: Mapping[str, str]) -> ToolDefinition:
    """Declare the switch to a model: ``targets`` are the agents it may name, with what they do."""
    schema = hand_over_schema()
    names = {**schema["properties"]["to_agent"], "enum": list(targets)}
    schema = {**schema, "properties": {**schema["properties"], "to_agent": names}}
    lines = "\n".join(f"- {name}: {what}" for name, what in targets.items())
    return ToolDefinition(
        name=HAND_OVER,
        description=f"Let another agent go on with this conversation. The agents:\n{lines}",
        parameters_json_schema=schema,
    )


def parse_hand_over(arguments: object, targets: Mapping[str, str]) -> HandOver:
    """Return what the model asked for.

    Raises:
        ToolError: the arguments are wrong, or the agent may not hand over to that one.
    """
    try:
        if isinstance(arguments, str | bytes):
            asked = HandOver.model_validate_json(arguments or "{}")
        else:
            asked = HandOver.model_validate(arguments)
    except ValidationError as error:
        raise ToolError(f"{HAND_OVER}: {describe(error)}") from None
    if asked.to_agent not in targets:
        known = ", ".join(targets) or "none"
        raise ToolError(f"there is no handing over to {asked.to_agent!r}; you may name: {known}")
    return asked
