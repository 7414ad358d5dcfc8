# SPDX-License-Identifier: Apache-2.0
"""Sessions, messages, turns, tool calls and approvals, as they are said."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from services.persistence.views.erasures import Erased
from services.persistence.views.forks import Fork
from services.persistence.views.imports import Imported
from services.persistence.views.view import Gap, View

Money = Annotated[
    Decimal, PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str)
]
"""An amount, written without an exponent and without zeros at its end."""


def _seconds(microseconds: int) -> float:
    return microseconds / 1_000_000


class Usage(View):
    """What models and tools came to.

    ``cost_usd`` leaves out calls of models whose price is not known: ``unpriced_model_calls``.
    Durations are as they were measured where the work was done, in seconds.
    """

    model_calls: int = 0
    failed_model_calls: int = 0
    unpriced_model_calls: int = 0
    tool_calls: int = 0
    failed_tool_calls: int = 0
    approvals: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: Money = Decimal(0)
    duration_seconds: Annotated[float, BeforeValidator(_seconds)] = Field(
        default=0.0, validation_alias="duration_us"
    )


class Session(Usage):
    """A session, as of the event ``last_sequence``."""

    session_id: str
    state: str | None = None
    agent: str | None = None
    title: str | None = None
    created_by: str | None = None
    messages: int = 0
    turns: int = 0
    switches: int = 0
    errors: int = 0
    forked_from: str | None = None
    forked_at_sequence: int | None = None
    last_sequence: int
    created_at: datetime
    updated_at: datetime


class SessionDetail(Session):
    """A session, and whether all that is stored of it is in this view.

    Events up to ``stored_until`` are stored; those behind a gap wait for it to close. ``discarded``
    are the first numbers that were passed over, as the dead letters of their events were discarded.
    A session that came from another installation has ``imports``; ``forks`` are the first of those
    that began with its past. ``erasure`` is given if what was said was erased here.
    """

    stored_until: int
    gaps: list[Gap]
    discarded: list[int]
    erasure: Erased | None = None
    imports: list[Imported] = Field(default_factory=list[Imported])
    forks: list[Fork] = Field(default_factory=list[Fork])


class Message(View):
    """A message of a person or an agent."""

    session_id: str
    sequence: int
    message_id: str
    turn_id: str | None = None
    role: Literal["user", "assistant"]
    agent: str | None = None
    content: str
    created_at: datetime


class Turn(Usage):
    """A turn; ``budget`` names the limit that stopped it."""

    session_id: str
    turn_id: str
    first_sequence: int
    last_sequence: int
    status: str | None = None
    agent: str | None = None
    message_id: str | None = None
    reply_id: str | None = None
    result: str | None = None
    budget: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    started_at: datetime
    finished_at: datetime | None = None


class ToolCall(View):
    """A call of a tool; it may have been rejected, or cancelled with its turn, and never made."""

    session_id: str
    turn_id: str
    call_id: str
    first_sequence: int
    last_sequence: int
    tool: str
    agent: str | None = None
    status: str | None = None
    effect_id: str | None = None
    approval_id: str | None = None
    arguments_digest: str | None = None
    result_size: int | None = None
    duration_seconds: float | None = None
    error_type: str | None = None
    error_message: str | None = None
    requested_at: datetime
    finished_at: datetime | None = None


class Approval(View):
    """A question to a person about a call, and its answer."""

    session_id: str
    approval_id: str
    first_sequence: int
    last_sequence: int
    turn_id: str | None = None
    agent: str | None = None
    tool: str | None = None
    call_id: str | None = None
    status: str | None = None
    arguments: dict[str, Any] | None = None
    arguments_digest: str | None = None
    policy_version: str | None = None
    decided_by: str | None = None
    reason: str | None = None
    decided_arguments: dict[str, Any] | None = None
    decided_digest: str | None = None
    wait_seconds: float | None = None
    expires_at: datetime | None = None
    requested_at: datetime | None = None
    decided_at: datetime | None = None
