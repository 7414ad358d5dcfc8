# SPDX-License-Identifier: Apache-2.0
"""The parts of a session: messages, turns, tool calls, approvals, page by page."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, Table, select

from services.persistence.queries.cursor import read_sequence, write_sequence
from services.persistence.settling import settled_approval, settled_call
from services.persistence.tables import approvals, messages, tool_calls, turns
from services.persistence.views.read_models import Approval, Message, ToolCall, Turn
from services.persistence.views.view import Page, View
from shared.database import Database

PartView = TypeVar("PartView", bound=View)


class PartQueries:
    """What belongs to a session, in the order in which it began."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(self, session_id: str, *, cursor: str | None, limit: int) -> Page[Message]:
        """Return messages."""
        query = select(messages).where(messages.c.session_id == session_id)
        return await self._page(
            Page[Message], query, Message.model_validate, messages.c.sequence, cursor, limit
        )

    async def turns(self, session_id: str, *, cursor: str | None, limit: int) -> Page[Turn]:
        """Return turns."""
        query = select(turns).where(turns.c.session_id == session_id)
        return await self._page(
            Page[Turn], query, Turn.model_validate, turns.c.first_sequence, cursor, limit
        )

    async def tool_calls(
        self, session_id: str, *, cursor: str | None, limit: int
    ) -> Page[ToolCall]:
        """Return tool calls."""
        query = (
            select(
                tool_calls,
                approvals.c.status.label("approval_status"),
                turns.c.status.label("turn_status"),
            )
            .outerjoin(
                approvals,
                (approvals.c.session_id == tool_calls.c.session_id)
                & (approvals.c.approval_id == tool_calls.c.approval_id),
            )
            .outerjoin(turns, _same_turn(tool_calls))
            .where(tool_calls.c.session_id == session_id)
        )
        return await self._page(
            Page[ToolCall], query, _tool_call, tool_calls.c.first_sequence, cursor, limit
        )

    async def approvals(self, session_id: str, *, cursor: str | None, limit: int) -> Page[Approval]:
        """Return approvals."""
        query = (
            select(approvals, turns.c.status.label("turn_status"))
            .outerjoin(turns, _same_turn(approvals))
            .where(approvals.c.session_id == session_id)
        )
        return await self._page(
            Page[Approval], query, _approval, approvals.c.first_sequence, cursor, limit
        )

    async def _page(
        self,
        kind: type[Page[PartView]],
        query: Select[*tuple[Any, ...]],
        view: Callable[[RowMapping], PartView],
        place: ColumnElement[int],
        cursor: str | None,
        limit: int,
    ) -> Page[PartView]:
        after = query.where(place > read_sequence(cursor)).order_by(place).limit(limit + 1)
        async with self._database.connect() as connection:
            rows = (await connection.execute(after)).mappings().all()
        more = len(rows) > limit
        last = rows[limit - 1][place] if more else 0
        return kind(
            items=[view(row) for row in rows[:limit]],
            next=write_sequence(last) if more else None,
        )


def _same_turn(table: Table) -> ColumnElement[bool]:
    return (turns.c.session_id == table.c.session_id) & (turns.c.turn_id == table.c.turn_id)


def _tool_call(row: RowMapping) -> ToolCall:
    status = settled_call(row["status"], approval=row["approval_status"], turn=row["turn_status"])
    return ToolCall.model_validate({**row, "status": status})


def _approval(row: RowMapping) -> Approval:
    status = settled_approval(row["status"], turn=row["turn_status"])
    return Approval.model_validate({**row, "status": status})
