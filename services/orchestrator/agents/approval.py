# SPDX-License-Identifier: Apache-2.0
"""Which calls a person has to approve."""

from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import cast

from pydantic import BaseModel, ConfigDict, Field

from services.orchestrator.tools.arguments import JsonObject, canonical_arguments
from shared.settings import Seconds


class ApprovalRule(BaseModel):
    """A call that matches waits for a person.

    ``tool`` is a name or a pattern with ``*``. ``when`` maps arguments to patterns, all of which
    have to match; without it every call of the tool waits. Patterns are matched, case and all,
    against the normal form of the arguments: text as it is, a list of texts joined by blanks, and
    all else as JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str = Field(min_length=1, description="the name of a tool, or a pattern such as *_file")
    when: Mapping[str, str] = Field(
        default_factory=dict, description="arguments and patterns, such as {path: '*.env'}"
    )
    expires_after: Seconds = Field(
        default=timedelta(hours=1), description="seconds a person has to decide, such as 3600"
    )

    four_eyes: bool = Field(
        default=False,
        description="true, to have somebody decide who did not create the session",
    )

    def covers(self, tool: str) -> bool:
        """Tell whether the rule is about ``tool``, whatever the arguments."""
        return fnmatchcase(tool, self.tool)

    def matches(self, tool: str, arguments: JsonObject) -> bool:
        """Tell whether a call has to wait; ``arguments`` are what the tool's validate returned."""
        return self.covers(tool) and all(
            name in arguments and fnmatchcase(_text(arguments[name]), pattern)
            for name, pattern in self.when.items()
        )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    written = canonical_arguments({"": value})[4:-1].decode()
    items = cast("list[object]", value) if isinstance(value, list) else []
    if items and all(isinstance(item, str) for item in items):
        return " ".join(map(str, items))
    return written
