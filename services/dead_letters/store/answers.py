# SPDX-License-Identifier: Apache-2.0
"""The same answer to the same request, however often it is sent under one idempotency key."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.tables import answers
from services.dead_letters.views import ActionResult

REMEMBERED = timedelta(days=1)


class Refusal(BaseModel):
    """Why a request was not done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int
    title: str
    detail: str


A = TypeVar("A", bound=BaseModel)

Answer = ActionResult | Refusal

KEY_REUSED = Refusal(
    status=422,
    title="Idempotency-Key reused",
    detail="this Idempotency-Key was used for another request; choose a new one",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for; without an idempotency key it is done each time it is asked."""

    key: str | None
    what: str
    at: datetime

    @property
    def digest(self) -> bytes:
        """Return what tells this request from others under the same key."""
        return hashlib.sha256(self.what.encode()).digest()


def conflict(detail: str) -> Refusal:
    """Return the answer to what the state of the letter does not allow."""
    return Refusal(status=409, title="Conflict", detail=detail)


async def answer_once(
    connection: AsyncConnection,
    request: Request,
    work: Callable[[], Awaitable[A | Refusal]],
    answer_type: type[A],
) -> A | Refusal:
    """Return the answer given before under this key, or do the work and remember its answer.

    A second request with the key waits here until the transaction of the first is over.
    """
    if request.key is None:
        return await work()
    first = await connection.scalar(
        insert(answers)
        .values(
            idempotency_key=request.key,
            request=request.digest,
            answer={},
            answered_at=request.at,
        )
        .on_conflict_do_nothing()
        .returning(answers.c.idempotency_key)
    )
    if first is None:
        return await _remembered(connection, request, answer_type)
    answer = await work()
    await connection.execute(
        update(answers)
        .where(answers.c.idempotency_key == request.key)
        .values(answer=answer.model_dump(mode="json"))
    )
    await _forget(connection, request.at - REMEMBERED)
    return answer


async def _remembered(
    connection: AsyncConnection, request: Request, answer_type: type[A]
) -> A | Refusal:
    row = (
        await connection.execute(select(answers).where(answers.c.idempotency_key == request.key))
    ).one()
    if row.request != request.digest:
        return KEY_REUSED
    try:
        return Refusal.model_validate(row.answer)
    except ValidationError:
        return answer_type.model_validate(row.answer)


async def _forget(connection: AsyncConnection, before: datetime) -> None:
    old = (
        select(answers.c.idempotency_key)
        .where(answers.c.answered_at < before)
        .with_for_update(skip_locked=True)
    )
    await connection.execute(delete(answers).where(answers.c.idempotency_key.in_(old)))
