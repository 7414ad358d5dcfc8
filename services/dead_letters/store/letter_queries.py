# SPDX-License-Identifier: Apache-2.0
"""Reads letters: many in pages, or one with all that is known of it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dead_letters.letters.claims import claim_of
from services.dead_letters.letters.lifecycle import Status, why_not_redrive
from services.dead_letters.store.stored_headers import from_stored
from services.dead_letters.tables import actions, deliveries, letters
from services.dead_letters.views import (
    ActionTaken,
    Bytes,
    Choice,
    Header,
    Letter,
    LetterFilters,
    LetterPage,
    LetterSummary,
    Place,
)
from shared.messaging.headers import Headers

SUMMARY = [
    func.octet_length(letters.c.value).label("size") if name == "size" else letters.c[name]
    for name in LetterSummary.model_fields
]


def conditions(filters: Choice) -> list[ColumnElement[bool]]:
    """Return the filters as conditions on letters."""
    equal = {
        letters.c.service: filters.service,
        letters.c.kind: filters.kind,
        letters.c.error_class: filters.error_class,
        letters.c.event_type: filters.event_type,
        letters.c.session_id: filters.session,
        letters.c.fingerprint: filters.fingerprint,
        letters.c.status: filters.status,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if filters.since:
        found.append(letters.c.failed_at >= filters.since)
    if filters.until:
        found.append(letters.c.failed_at < filters.until)
    return found


async def letter_page(connection: AsyncConnection, filters: LetterFilters) -> LetterPage:
    """Return the letters that meet the filters, those that came last first."""
    query = select(*SUMMARY).where(*conditions(filters)).order_by(letters.c.id.desc())
    if filters.id:
        query = query.where(letters.c.id.in_(filters.id))
    if filters.cursor:
        query = query.where(letters.c.id < filters.cursor)
    rows = (await connection.execute(query.limit(filters.limit + 1))).mappings().all()
    items = [LetterSummary.model_validate(dict(row)) for row in rows[: filters.limit]]
    return LetterPage(items=items, next=items[-1].id if len(rows) > len(items) else None)


async def summary_of(connection: AsyncConnection, letter_id: UUID) -> LetterSummary:
    """Return a letter that is there, without its contents."""
    found = await connection.execute(select(*SUMMARY).where(letters.c.id == letter_id))
    return LetterSummary.model_validate(dict(found.mappings().one()))


async def last_headers(connection: AsyncConnection, letter_id: UUID) -> Headers:
    """Return the headers with which a letter that is there came last."""
    stored = await connection.scalar(
        select(deliveries.c.headers)
        .where(deliveries.c.letter_id == letter_id)
        .order_by(deliveries.c.id.desc())
        .limit(1)
    )
    return from_stored(stored or [])


async def letter(
    connection: AsyncConnection, letter_id: UUID, *, services: Sequence[str]
) -> Letter | None:
    """Return a letter with all that is known of it, or None if there is none."""
    found = await connection.execute(select(letters).where(letters.c.id == letter_id))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    headers = await last_headers(connection, letter_id)
    why_not = why_not_redrive(
        Status(row["status"]),
        row["service"],
        services=services,
        claim=claim_of(row["value"], headers),
        erased=row["erased_at"] is not None,
    )
    known = {name: row[name] for name in Letter.model_fields if name in row}
    return Letter.model_validate(
        known
        | {
            "size": None if row["value"] is None else len(row["value"]),
            "key": Bytes.of(row["key"]),
            "body": Bytes.of(row["value"]),
            "headers": [Header.of(name, value) for name, value in headers],
            "places": await _places(connection, letter_id),
            "actions": await _actions(connection, letter_id),
            "can_redrive": why_not is None,
            "why_not": why_not,
        }
    )


async def _places(connection: AsyncConnection, letter_id: UUID) -> list[Place]:
    columns = [deliveries.c[name] for name in Place.model_fields]
    rows = await connection.execute(
        select(*columns).where(deliveries.c.letter_id == letter_id).order_by(deliveries.c.id)
    )
    return [Place.model_validate(dict(row)) for row in rows.mappings()]


async def _actions(connection: AsyncConnection, letter_id: UUID) -> list[ActionTaken]:
    columns = [actions.c[name] for name in ActionTaken.model_fields]
    rows = await connection.execute(
        select(*columns).where(actions.c.letter_id == letter_id).order_by(actions.c.id)
    )
    return [ActionTaken.model_validate(dict(row)) for row in rows.mappings()]
