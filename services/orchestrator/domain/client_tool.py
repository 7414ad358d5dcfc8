# SPDX-License-Identifier: Apache-2.0
"""A tool that the client of a session runs, not this service."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import Seconds

CLIENT_TOOL_NAME = r"^[a-zA-Z][a-zA-Z0-9_-]{0,63}$"


class ClientTool(BaseModel):
    """What a model is told of it, and how long the client may take for one call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        pattern=CLIENT_TOOL_NAME, description="letters, digits, _ and -, such as pick_colour"
    )
    description: str = Field(
        min_length=1, max_length=2000, description="what it does, for the model"
    )
    parameters: dict[str, Any] = Field(
        default={"type": "object", "properties": {}},
        description="the JSON Schema of the arguments, of type object",
    )
    timeout: Seconds = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        le=timedelta(days=7),
        description="seconds that the client has for one call, 1 to 604800",
    )


def stored(tools: Sequence[ClientTool]) -> list[dict[str, Any]] | None:
    """Return tools as JSON has them; None for none."""
    return [tool.model_dump(mode="json") for tool in tools] or None


def restored(tools: Sequence[Any] | None) -> tuple[ClientTool, ...]:
    """Return what ``stored`` gave as tools again."""
    return tuple(ClientTool.model_validate(tool) for tool in tools or ())
