# SPDX-License-Identifier: Apache-2.0
"""What the HTTP interface takes and gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from services.orchestrator.agents import Budget, ClientTools
from services.orchestrator.domain.fork import Fork
from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.approvals import Approval, ApprovalKind, ApprovalState
from services.orchestrator.store.effects import Effect, EffectState
from shared.events.base import MAX_SEQUENCE

Person = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
TurnName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Reason = Annotated[str, StringConstraints(max_length=2000)]


class Body(BaseModel):
    """What every request body has in common: nothing unknown is accepted, and no NUL in texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _without_nul(cls, value: object) -> object:
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a text cannot have NUL in it")
        return value


class NewSession(Body):
    """A session to be created."""

    created_by: Person = "anonymous"
    title: str = Field("", max_length=300)
    agent: str | None = Field(None, max_length=64, description="the default agent if left out")
    budget: Budget | None = Field(
        None, description="bounds of this session, in addition to those of agents.yaml"
    )
    client_tools: ClientTools = Field((), description="what the client runs, for all agents")


class NewMessage(Body):
    """A message to be answered."""

    content: str = Field(min_length=1, description="the text; must have more than white space")
    client_tools: ClientTools | None = Field(
        None, description="what the client runs in this turn, in place of that of the session"
    )


class AgentChange(Body):
    """Another agent for a session."""

    agent: str = Field(min_length=1, max_length=64)
    reason: Reason = "asked for by a person"


class Decision(Body):
    """A person's answer to a call that waits."""

    decision: Literal["approve", "edit", "reject"]
    decided_by: Person
    reason: Reason = ""
    arguments_digest: str | None = Field(
        None, max_length=64, description="of the arguments that the person saw"
    )
    arguments: dict[str, Any] | None = Field(None, description="the new ones, to edit")


class Signature(Body):
    """Who asks for something, and why."""

    by: Person = "anonymous"
    reason: Reason = ""


class NewFork(Body):
    """Where to cut, and what is to be other than in the original; by default, at the end."""

    sequence: int | None = Field(None, ge=0, le=MAX_SEQUENCE, description="the last event to keep")
    before_turn: TurnName | None = Field(None, description="its number or its id")
    after_turn: TurnName | None = Field(None, description="its number or its id")
    message: str | None = Field(None, min_length=1, description="what is said next")
    agent: str | None = Field(None, min_length=1, max_length=64)
    model: str | None = Field(
        None, min_length=1, max_length=200, description="for all agents of the fork"
    )
    title: str | None = Field(None, max_length=300, description="as in the original if left out")
    forked_by: Person = "anonymous"
    reason: Reason = ""
    workspace: Literal["auto", "empty"] = Field("auto", description="whether files go along")

    @model_validator(mode="after")
    def _one_point(self) -> Self:
        points = (self.sequence, self.before_turn, self.after_turn)
        if len([each for each in points if each is not None]) > 1:
            raise ValueError("name one point: sequence, before_turn or after_turn")
        return self


class Cancellation(Signature):
    """Who cancels what, and why."""

    turn_id: str | None = Field(
        default=None, max_length=64, description="one turn; all that are unfinished if left out"
    )


class SessionView(BaseModel):
    """A session."""

    id: str
    state: SessionState
    agent: str
    title: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    last_sequence: int
    message_count: int
    turn_count: int
    model: str | None = Field(None, description="asked in place of the models of the agents")
    fork: Fork | None = Field(None, description="what the session is a fork of")
    paused: bool

    @classmethod
    def of(cls, session: Session) -> "SessionView":
        """Return what a client sees of a session."""
        return cls.model_validate(session, from_attributes=True)


class ApprovalView(BaseModel):
    """A call that waits, or waited, for a person."""

    id: str
    session_id: str
    turn_id: str
    agent: str
    tool: str
    arguments: dict[str, Any]
    arguments_digest: str
    kind: ApprovalKind
    state: ApprovalState
    decided_by: str | None
    reason: str | None
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, approval: Approval) -> "ApprovalView":
        """Return what a client sees of an approval."""
        return cls.model_validate(approval, from_attributes=True)


class ClientCallView(BaseModel):
    """A call that the client makes: its result is owed until it expires."""

    call_id: str
    effect_id: UUID = Field(description="the same however often the call is made")
    turn_id: str
    agent: str
    tool: str
    arguments: dict[str, Any]
    arguments_digest: str
    state: EffectState
    requested_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, call: Effect) -> "ClientCallView":
        """Return what a client sees of a call."""
        return cls.model_validate(call, from_attributes=True)


class TurnView(BaseModel):
    """A turn: where it is, and the answer if there is one."""

    id: str
    session_id: str
    number: int
    state: TurnState
    agent: str
    correlation_id: str
    reply: str | None
    error: str | None
    approvals: list[ApprovalView] = Field(
        default_factory=list[ApprovalView], description="the calls that wait for a person"
    )
    client_calls: list[ClientCallView] = Field(
        default_factory=list[ClientCallView], description="the calls that the client is to make"
    )

    @classmethod
    def of(
        cls, turn: Turn, approvals: Sequence[Approval] = (), calls: Sequence[Effect] = ()
    ) -> "TurnView":
        """Return what a client sees of a turn."""
        view = cls.model_validate(turn, from_attributes=True)
        waiting = [ApprovalView.of(each) for each in approvals]
        owed = [ClientCallView.of(each) for each in calls]
        return view.model_copy(update={"approvals": waiting, "client_calls": owed})


class SessionPage(BaseModel):
    """Some sessions, and where the next ones begin."""

    sessions: list[SessionView]
    next_cursor: str | None


class AgentView(BaseModel):
    """An agent."""

    name: str
    description: str
    model: str
    tools: list[str]
    handover: list[str]
    is_default: bool
