# SPDX-License-Identifier: Apache-2.0
"""The context of a session, as it is kept and answered."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer

OPEN_STATE = "active"
DELETED = "deleted"
ENDED_STATES = frozenset({"completed", "expired", DELETED})


Usd = Annotated[Decimal, PlainSerializer(lambda cost: f"{cost:f}", return_type=str)]
"""An exact amount of dollars, as text."""


class Part(BaseModel):
    """A part of a context; ``sequence`` says which event it is from."""

    model_config = ConfigDict(frozen=True)


class Message(Part):
    """A message in the window; ``truncated`` if it alone was larger than the budget."""

    sequence: int
    role: Literal["user", "assistant"]
    agent: str | None = None
    message_id: str
    turn_id: str
    content: str
    tokens: int
    truncated: bool = False


class Switch(Part):
    """One agent took over from another."""

    sequence: int
    from_agent: str
    to_agent: str
    reason: str
    confidence: float | None = None


class OpenApproval(Part):
    """A tool call that waits for a person."""

    sequence: int
    approval_id: str
    turn_id: str
    agent: str
    tool: str
    call_id: str
    arguments_digest: str
    expires_at: datetime | None = None


class Fork(Part):
    """Where a session came from."""

    session_id: str
    at_sequence: int


class Totals(Part):
    """What the session did so far."""

    domain_events: int = 0
    infrastructure_events: int = 0
    messages: int = 0
    turns: int = 0
    switches: int = 0
    llm_requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: Usd = Decimal(0)
    tool_calls: int = 0
    tool_failures: int = 0
    errors: int = 0


class Context(Part):
    """What an agent knows of a session after the event number ``sequence``.

    ``missing`` counts events that the topics no longer had when the context was made again,
    ``discarded`` those that could not be applied and were given up by an operator.
    ``window_tokens`` is the estimate for all of ``messages``, the oldest first. Of an ``erased``
    session nothing is known but that.
    """

    session_id: str
    sequence: int = 0
    missing: int = 0
    discarded: int = 0
    state: str = OPEN_STATE
    agent: str = ""
    title: str = ""
    created_by: str = ""
    forked_from: Fork | None = None
    turn_id: str | None = None
    updated_at: datetime | None = None
    window_tokens: int = 0
    messages: tuple[Message, ...] = ()
    switches: tuple[Switch, ...] = ()
    approvals: tuple[OpenApproval, ...] = ()
    totals: Totals = Totals()
    erased: bool = False

    @property
    def ended(self) -> bool:
        """Whether the session is over."""
        return self.state in ENDED_STATES

    def canonical(self) -> bytes:
        """Return the one sequence of bytes that this context is written as."""
        return self.model_dump_json().encode()

    @classmethod
    def read(cls, canonical: bytes) -> "Context":
        """Return the context that was written so.

        Raises:
            ValidationError: it was not.
        """
        return cls.model_validate_json(canonical)
