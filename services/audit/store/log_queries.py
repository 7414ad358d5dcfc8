# SPDX-License-Identifier: Apache-2.0
"""What can be asked about the logs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from services.audit.store.rows import read_head
from services.audit.store.selecting import AnyRow, select_all
from services.audit.tables import checkpoints, heads, logs
from services.audit.trail.appending import Head
from shared.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """A log with its newest checkpoint, if it has one."""

    origin: str
    head: Head
    signed_size: int
    signed_at: datetime | None


class LogQueries:
    """Answers questions about logs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def logs(self) -> list[LogState]:
        """Return the state of every log."""
        newest = select(func.max(checkpoints.c.size)).where(checkpoints.c.log_id == logs.c.log_id)
        is_newest = and_(
            checkpoints.c.log_id == logs.c.log_id,
            checkpoints.c.size == newest.correlate(logs).scalar_subquery(),
        )
        query = (
            select(
                logs.c.origin,
                heads,
                checkpoints.c.size.label("signed_size"),
                checkpoints.c.signed_at,
            )
            .join(heads, heads.c.log_id == logs.c.log_id)
            .outerjoin(checkpoints, is_newest)
            .order_by(logs.c.log_id)
        )
        return [_log_state(row) for row in await select_all(self._database, query)]

    async def checkpoint(self, log_id: int) -> str | None:
        """Return the newest checkpoint of a log as a signed note; None if it has none."""
        query = (
            select(checkpoints.c.note)
            .where(checkpoints.c.log_id == log_id)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        )
        return next((row.note for row in await select_all(self._database, query)), None)


def _log_state(row: AnyRow) -> LogState:
    return LogState(
        origin=row.origin,
        head=read_head(row),
        signed_size=row.signed_size or 0,
        signed_at=row.signed_at,
    )
