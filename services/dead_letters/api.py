# SPDX-License-Identifier: Apache-2.0
"""The desk over HTTP: look at dead letters, send them back, give them up."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from services.dead_letters.store.answers import Answer, Refusal
from services.dead_letters.store.desk import Desk
from services.dead_letters.store.group_queries import counts, group_page
from services.dead_letters.store.letter_queries import letter, letter_page
from services.dead_letters.views import (
    ActionResult,
    Counts,
    DiscardRequest,
    EditRequest,
    Filters,
    GroupPage,
    Letter,
    LetterFilters,
    LetterPage,
    RedriveRequest,
)
from shared.database import Database
from shared.http import Problem

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)
]


def dead_letters_router(database: Database, desk: Desk, *, services: Sequence[str]) -> APIRouter:
    """Return the routes of the desk; ``services`` are those that letters can be sent back to."""
    router = APIRouter(prefix="/v1", tags=["dead letters"])

    @router.get("/dead-letters")
    async def list_letters(filters: Annotated[LetterFilters, Query()]) -> LetterPage:
        """Return letters, those that came last first."""
        async with database.connect() as connection:
            return await letter_page(connection, filters)

    @router.get("/dead-letters/groups")
    async def list_groups(filters: Annotated[Filters, Query()]) -> GroupPage:
        """Return failures of one cause together, the one that failed last first."""
        async with database.connect() as connection:
            return await group_page(connection, filters)

    @router.get("/dead-letters/{letter_id}")
    async def get_letter(letter_id: UUID) -> Letter:
        """Return one letter: headers, body, error, and what was done with it."""
        async with database.connect() as connection:
            found = await letter(connection, letter_id, services=services)
        if found is None:
            raise Problem(404, "Not Found", f"there is no dead letter {letter_id}")
        return found

    @router.post("/dead-letters/{letter_id}/redrive")
    async def redrive_letter(
        letter_id: UUID, wish: RedriveRequest, key: IdempotencyKey = None
    ) -> ActionResult:
        """Send a letter to the retry topic of the service that failed, and to no other."""
        return _result(await desk.redrive(letter_id, wish, key=key))

    @router.post("/dead-letters/{letter_id}/discard")
    async def discard_letter(
        letter_id: UUID, wish: DiscardRequest, key: IdempotencyKey = None
    ) -> ActionResult:
        """Give a letter up; it stays where it can be read."""
        return _result(await desk.discard(letter_id, wish, key=key))

    @router.post("/dead-letters/{letter_id}/edit")
    async def edit_letter(
        letter_id: UUID, wish: EditRequest, key: IdempotencyKey = None
    ) -> ActionResult:
        """Send a corrected copy as a new event, in the place of the one that failed."""
        return _result(await desk.edit(letter_id, wish, key=key))

    @router.get("/counts")
    async def get_counts() -> Counts:
        """Return how many letters there are, and of which sort."""
        async with database.connect() as connection:
            return await counts(connection)

    return router


def _result(answer: Answer) -> ActionResult:
    if isinstance(answer, Refusal):
        raise Problem(answer.status, answer.title, answer.detail)
    return answer
