# SPDX-License-Identifier: Apache-2.0
"""Idempotency keys: a request that is sent again is answered, and not done, again."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.store.tables import idempotency_keys as keys
from shared.errors import ConflictError


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A client's name for one request; ``scope`` is what the request is about."""

    scope: str
    key: str
    request_digest: str


def idempotency_key(scope: str, key: str | None, request: bytes) -> IdempotencyKey | None:
    """Return the key of a request, or None if the client gave none."""
    if key is None:
        return None
    return IdempotencyKey(scope=scope, key=key, request_digest=hashlib.sha256(request).hexdigest())


async def remember(
    connection: AsyncConnection, key: IdempotencyKey | None, *, subject: str
) -> str | None:
    """Note, in the transaction of the effect, what a request was answered with.

    Returns what it was answered with earlier, if the key was used before; while another transaction
    uses it, this one waits.

    Raises:
        ConflictError: the key was used for another request.
    """
    if key is None:
        return None
    result = await connection.execute(
        insert(keys)
        .values(scope=key.scope, key=key.key, request_digest=key.request_digest, subject=subject)
        .on_conflict_do_nothing()
    )
    return None if result.rowcount else await earlier_subject(connection, key)


async def earlier_subject(connection: AsyncConnection, key: IdempotencyKey | None) -> str | None:
    """Return what the request was answered with earlier, or None if it is new.

    Raises:
        ConflictError: the key was used for another request.
    """
    if key is None:
        return None
    row = (
        await connection.execute(
            select(keys.c.subject, keys.c.request_digest).where(
                keys.c.scope == key.scope, keys.c.key == key.key
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if row.request_digest != key.request_digest:
        raise ConflictError(f"the Idempotency-Key {key.key!r} was used for another request")
    subject: str = row.subject
    return subject
