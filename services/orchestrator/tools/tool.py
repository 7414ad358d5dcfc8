# SPDX-License-Identifier: Apache-2.0
"""What a tool is, whether built in or brought by a server."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import Generic, Literal, ParamSpec, Protocol, TypeVar, runtime_checkable
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from services.orchestrator.tools.arguments import JsonObject
from services.orchestrator.tools.command_limits import CommandLimits
from services.orchestrator.tools.errors import ToolError
from services.orchestrator.tools.threads import ToolThreads
from services.orchestrator.tools.workspace.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

Safety = Literal["read_only", "idempotent", "retryable", "non_repeatable"]
"""What may be done about a call whose outcome is unknown, because a crash cut it off.

``read_only``: it changes nothing, so it may be made again.
``idempotent``: made again with the same arguments it has the same effect as once.
``retryable``: made again with the same ``effect_id`` it has its effect once, because the tool sees
to that.
``non_repeatable``: never made again by itself. A tool that can find out what a call has done is
asked (see ``Reconciles``); else a person decides.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """For whom a call is made, where it may work and how long it may take."""

    session_id: str
    effect_id: UUID
    workspace: Workspace
    time_limit: timedelta = timedelta(seconds=60)
    commands: frozenset[str] = frozenset()
    """The programs that ``run_command`` may start; none unless the agent's declaration says so."""
    command_limits: CommandLimits = field(default_factory=CommandLimits)
    threads: ToolThreads = field(default_factory=ToolThreads)

    async def in_thread(self, function: Callable[P, T], /, *args: P.args, **fields: P.kwargs) -> T:
        """Return what a function gives that blocks, and would hold up everything if called here.

        It cannot be stopped: when the time of the call is over, it goes on, the outcome of the call
        is unknown, and until it has ended no other call is made for its session.
        """
        return await self.threads.run(self.session_id, partial(function, *args, **fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call gave: text for the model, and whether some of it was left out."""

    content: str
    truncated: bool = False


class Tool(Protocol):
    """Something an agent can do beside talking."""

    @property
    def name(self) -> str:
        """The name that models and ``agents.yaml`` use."""
        ...

    @property
    def description(self) -> str:
        """What it does, for the model."""
        ...

    @property
    def safety(self) -> Safety:
        """What may be done about a call whose outcome is unknown."""
        ...

    @property
    def parameters(self) -> dict[str, object]:
        """The JSON Schema of the arguments: an object with ``properties``."""
        ...

    def validate(self, arguments: object) -> JsonObject:
        """Return the arguments in their one normal form, defaults filled in.

        What is approved, recorded and called is this form, so two ways to write the same call
        (``a//b`` and ``a/b``) cannot be told apart by a rule or a digest.

        Raises:
            ToolError: they are not what the tool takes; the message says which and why.
        """
        ...

    async def call(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        """Do it, with arguments that ``validate`` returned.

        Raises:
            ToolError: it cannot be done; the message is for the model.
        """
        ...


@runtime_checkable
class Reconciles(Protocol):
    """A tool that can find out what became of a call of its own that was cut off."""

    async def reconcile(self, arguments: JsonObject, context: ToolContext) -> ToolResult | None:
        """Return what the call gave, or None if it had no effect, so that it may be made now.

        Raises:
            ToolOutcomeUnknown: it cannot be found out; a person decides.
        """
        ...


class Arguments(BaseModel):
    """The base of the arguments of built-in tools: nothing unknown, nothing changed later."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)


@cache
def _schema_of(arguments: type[Arguments]) -> dict[str, object]:
    return arguments.model_json_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTool(Generic[ArgumentsT]):
    """A tool made of a coroutine function and a model of its arguments."""

    name: str
    description: str
    safety: Safety
    arguments: type[ArgumentsT]
    function: Callable[[ArgumentsT, ToolContext], Awaitable[ToolResult]]

    @property
    def parameters(self) -> dict[str, object]:
        """The JSON Schema of the arguments; it is shared, so do not change it."""
        return _schema_of(self.arguments)

    def validate(self, arguments: object) -> JsonObject:
        """Return the arguments in their one normal form, defaults filled in."""
        return self._parse(arguments).model_dump(mode="json")

    async def call(self, arguments: JsonObject, context: ToolContext) -> ToolResult:
        """Call the function."""
        return await self.function(self._parse(arguments), context)

    def _parse(self, arguments: object) -> ArgumentsT:
        try:
            if isinstance(arguments, str | bytes):
                return self.arguments.model_validate_json(arguments or "{}")
            return self.arguments.model_validate(arguments)
        except ValidationError as error:
            raise ToolError(f"{self.name}: {describe(error)}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilableTool(FunctionTool[ArgumentsT]):
    """A tool with a second function that finds out what became of a call that was cut off."""

    reconciling: Callable[[ArgumentsT, ToolContext], Awaitable[ToolResult | None]]

    async def reconcile(self, arguments: JsonObject, context: ToolContext) -> ToolResult | None:
        """Call the second function."""
        return await self.reconciling(self._parse(arguments), context)


def describe(error: ValidationError) -> str:
    """Say in one line what is wrong with the arguments of a call."""
    problems = error.errors(include_url=False, include_input=False)
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, problem["loc"])), _said(problem["msg"]))))
        for problem in problems[:5]
    )


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")
