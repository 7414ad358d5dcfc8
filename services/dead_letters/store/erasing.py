# SPDX-License-Identifier: Apache-2.0
"""Erases what letters of a session say, and remembers the session for those that come later."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.lifecycle import Action
from services.dead_letters.store.received import Received
from services.dead_letters.store.stored_headers import from_stored, to_stored
from services.dead_letters.tables import actions, answers, deliveries, erasures, letters, outbox
from shared.clock import Clock, SystemClock
from shared.database import Database, among
from shared.messaging.erasing import ORDERS, known_headers
from shared.outbox.erasing import erase_records

_DIGEST_BYTES = 32
_LOCK = func.hashtextextended("dead_letters.erasures", 0)

_UNKNOWN = func.sha256(func.uuid_send(func.gen_random_uuid()))
"""A digest of nothing that anybody knows, in place of one by which guesses could be tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Takes orders to erase sessions."""

    database: Database
    clock: Clock = field(default_factory=SystemClock)

    async def erase(self, session_ids: Iterable[str]) -> None:
        """Erase the letters of sessions, whatever became of them; doing it twice does no harm.

        That a letter came, why in short, and what was done with it stays.

        Raises:
            DependencyDownError: the database does not answer.
        """
        wanted = sorted({each for each in session_ids if "\0" not in each})
        if not wanted:
            return
        async with self.database.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            await connection.execute(
                insert(erasures).on_conflict_do_nothing(), [{"session_id": id_} for id_ in wanted]
            )
            found = await connection.scalars(
                update(letters)
                .where(_of(wanted))
                .values(
                    value=None,
                    error_message=None,
                    stack=None,
                    identity=_UNKNOWN,
                    content=_UNKNOWN,
                    erased_at=self.clock.now(),
                )
                .returning(letters.c.id)
            )
            await _erase_around(connection, list(found))


async def erase_arrivals(
    connection: AsyncConnection, received: Sequence[Received]
) -> list[Received]:
    """Return what arrives, without what letters of erased sessions say.

    Nobody erases a session until the end of the transaction, so none slips through.
    """
    await connection.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))
    names = {name for each in received for name in _sessions(each)}
    query = select(erasures.c.session_id).where(among(erasures.c.session_id, names))
    erased = set(await connection.scalars(query))
    return [each if erased.isdisjoint(_sessions(each)) else _blank(each) for each in received]


def _sessions(received: Received) -> set[str]:
    """Return the sessions that a letter may be of: by its event, and by its key."""
    if received.letter.event.event_type in ORDERS:  # to be redriven: somebody has not erased yet
        return set()
    key = (received.record.key or b"").decode(errors="replace").replace("\0", "")
    return {each for each in (received.letter.event.session_id, key) if each}


def _blank(received: Received) -> Received:
    error = replace(received.letter.error, message=None, stack=None)
    headers = known_headers(received.record.headers)
    return replace(
        received,
        record=replace(received.record, value=None, headers=headers),
        letter=replace(received.letter, error=error),
        identity=os.urandom(_DIGEST_BYTES),
        content=os.urandom(_DIGEST_BYTES),
        erased=True,
    )


def _of(session_ids: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        or_(
            among(letters.c.session_id, session_ids),
            among(letters.c.key, [each.encode() for each in session_ids]),
        ),
        func.coalesce(letters.c.event_type, "").not_in(ORDERS),
    )


async def _erase_around(connection: AsyncConnection, letter_ids: Sequence[UUID]) -> None:
    """Erase what was written down about letters, and what waits to be sent, which names them."""
    rows = await connection.execute(
        select(deliveries.c.id, deliveries.c.headers).where(
            among(deliveries.c.letter_id, letter_ids)
        )
    )
    headers = [
        {"at": row.id, "left": to_stored(known_headers(from_stored(row.headers)))} for row in rows
    ]
    if headers:
        await connection.execute(
            update(deliveries)
            .where(deliveries.c.id == bindparam("at"))
            .values(headers=bindparam("left", type_=deliveries.c.headers.type)),
            headers,
        )
    await connection.execute(
        update(actions)
        .where(among(actions.c.letter_id, letter_ids), actions.c.action == Action.FAILED_AGAIN)
        .values(reason="")
    )
    names = [str(each) for each in letter_ids]
    told = answers.c.answer["letter"]["id"].as_string()
    await connection.execute(delete(answers).where(among(told, names)))
    of_letters = literal([each.encode() for each in names], ARRAY(LargeBinary))
    await erase_records(connection, outbox, outbox.records.c.headers.op("&&")(of_letters))
