# SPDX-License-Identifier: Apache-2.0
"""Erase what was said in a session, for good."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.store.erasing import erase_content, unerased_forks
from services.orchestrator.store.idempotency import IdempotencyKey, earlier_subject, remember
from services.orchestrator.store.turns import unfinished
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.resources import Resources
from shared.errors import ConflictError
from shared.events import SessionDeleted, SessionErased

MAX_FORKS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseSessionCommand:
    """Erase a session; the reason is kept, so it must not name the person."""

    session_id: str
    by: str
    reason: str = ""
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erased session, and the ids of forks that began with what was said and still have it."""

    session: Session
    forks: Sequence[str]


class EraseSessionHandler:
    """Erases here what was said, and has everybody else do so by an event."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def handle(self, command: EraseSessionCommand) -> Erasure:
        """Return what was erased; a session that is erased already stays as it is.

        A session that was not deleted is deleted with it. The files are removed once it is
        committed; should this process die before, whoever reads the event removes them.

        Raises:
            NotFoundError: there is no such session.
            ConflictError: a turn is not finished, and would write down more of what was said.
        """
        async with self._resources.work.session(command.session_id) as work:
            await self._erase_once(work, command)
            forks = await unerased_forks(work.connection, command.session_id, limit=MAX_FORKS)
        await asyncio.to_thread(self._resources.workspaces.remove, command.session_id)
        return Erasure(session=work.session, forks=forks)

    async def _erase_once(self, work: SessionWork, command: EraseSessionCommand) -> None:
        if await earlier_subject(work.connection, command.key):
            return
        await remember(work.connection, command.key, subject=work.session.id)
        if work.session.erased_at:
            return
        await _require_quiet(work)
        await erase_content(work.connection, work.session.id)
        if work.session.state is not SessionState.DELETED:
            deleted = SessionDeleted(session_id=work.session.id, deleted_by=command.by)
            await work.publish(deleted)
        await work.publish(
            SessionErased(
                session_id=work.session.id, erased_by=command.by, erasure_reason=command.reason
            )
        )
        work.change(**_without_content(work))


async def _require_quiet(work: SessionWork) -> None:
    going_on = await unfinished(work.connection, work.session.id)
    if going_on:
        turn = going_on[0]
        raise ConflictError(
            f"turn {turn.number} of the session is {turn.state}: cancel it, or wait for its end"
        )


def _without_content(work: SessionWork) -> dict[str, object]:
    fork = work.session.fork
    return {
        "state": SessionState.DELETED,
        "erased_at": work.now,
        "title": "",
        "created_by": "",
        "client_tools": (),
        "fork": fork and fork.model_copy(update={"not_repeated": ()}),
    }
