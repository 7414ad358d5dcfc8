# SPDX-License-Identifier: Apache-2.0
"""Approvals: what people are asked, and what they decided, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.store.tables import approvals
from shared.errors import NotFoundError


class ApprovalState(StrEnum):
    """What became of a question to a person."""

    OPEN = "open"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


ApprovalKind = Literal["call", "outcome"]
"""``call``: may it be made? ``outcome``: a crash cut it off; may it be made again?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A call that waits, or waited, for a person.

    ``requested_by`` is set where the one who decides has to be another person. An approval is used
    up by the one call that it was given for: ``consumed_at`` is when. ``decided_digest`` is that of
    the arguments that were decided on.
    """

    id: str
    session_id: str
    turn_id: str
    effect_id: UUID
    agent: str
    tool: str
    arguments: dict[str, Any]
    arguments_digest: str
    policy_version: str
    state: ApprovalState
    decided_by: str | None
    reason: str | None
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    kind: ApprovalKind = "call"
    requested_by: str | None = None
    decided_digest: str | None = None
    consumed_at: datetime | None = None


async def add_approval(connection: AsyncConnection, approval: Approval) -> None:
    """Store a new question."""
    fields = {name: getattr(approval, name) for name in Approval.__slots__}
    await connection.execute(insert(approvals).values(**fields))


async def find_approval(connection: AsyncConnection, session_id: str, approval_id: str) -> Approval:
    """Return a question of a session.

    Raises:
        NotFoundError: the session has no such question.
    """
    row = (
        await connection.execute(
            select(approvals).where(
                approvals.c.id == approval_id, approvals.c.session_id == session_id
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"session {session_id!r} has no approval {approval_id!r}")
    return approval_of(row)


async def approvals_of(
    connection: AsyncConnection, session_id: str, *, state: ApprovalState | None = None
) -> list[Approval]:
    """Return the questions of a session, oldest first."""
    query = select(approvals).where(approvals.c.session_id == session_id)
    if state:
        query = query.where(approvals.c.state == state)
    rows = await connection.execute(query.order_by(approvals.c.requested_at).limit(1000))
    return [approval_of(row) for row in rows]


async def open_approvals(connection: AsyncConnection, *, limit: int) -> list[Approval]:
    """Return the open questions of all sessions, those that expire first first."""
    rows = await connection.execute(
        select(approvals)
        .where(approvals.c.state == ApprovalState.OPEN)
        .order_by(approvals.c.expires_at, approvals.c.id)
        .limit(limit)
    )
    return [approval_of(row) for row in rows]


async def due_approvals(connection: AsyncConnection, *, limit: int) -> Sequence[tuple[str, str]]:
    """Return session and id of open questions whose time has run out."""
    rows = await connection.execute(
        select(approvals.c.session_id, approvals.c.id)
        .where(approvals.c.state == ApprovalState.OPEN, approvals.c.expires_at < func.now())
        .order_by(approvals.c.expires_at)
        .limit(limit)
    )
    return [(row.session_id, row.id) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many questions are open, and since when the oldest of them."""

    count: int
    oldest: timedelta


async def waiting_approvals(connection: AsyncConnection) -> Waiting:
    """Return what waits for people, in all sessions."""
    row = (
        await connection.execute(
            select(
                func.count().label("waiting"),
                func.min(approvals.c.requested_at).label("first"),
                func.clock_timestamp().label("now"),
            ).where(approvals.c.state == ApprovalState.OPEN)
        )
    ).one()
    age = row.now - row.first if row.first else timedelta(0)
    return Waiting(count=row.waiting, oldest=max(timedelta(0), age))


async def approval_of_effect(connection: AsyncConnection, effect_id: UUID) -> Approval | None:
    """Return the latest question about a call, if one was asked."""
    row = (
        await connection.execute(
            select(approvals)
            .where(approvals.c.effect_id == effect_id)
            .order_by(approvals.c.requested_at.desc(), approvals.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else approval_of(row)


async def change_approval(connection: AsyncConnection, approval_id: str, **changes: Any) -> None:
    """Note what became of a question."""
    await connection.execute(
        update(approvals).where(approvals.c.id == approval_id).values(**changes)
    )


def approval_of(row: Any) -> Approval:
    """Return the approval of a row."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in Approval.__slots__}
    fields["state"] = ApprovalState(row.state)
    return Approval(**fields)
