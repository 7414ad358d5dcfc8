# SPDX-License-Identifier: Apache-2.0
"""One transaction over one session: its state, its events and its outbox, all or nothing."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orchestrator.domain.budget import Budget
from services.orchestrator.domain.client_tool import restored, stored
from services.orchestrator.domain.fork import Fork
from services.orchestrator.domain.mapping import infrastructure_events
from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.usage import Usage
from services.orchestrator.store.idempotency import IdempotencyKey, remember
from services.orchestrator.store.tables import sessions
from shared.clock import Clock
from shared.database import Database
from shared.errors import NotFoundError
from shared.events import DomainEvent, Event, Topics
from shared.messaging import OutgoingRecord, encode
from shared.messaging.observation import stamp
from shared.outbox import Outbox, OutboxRelay

EventT = TypeVar("EventT", bound=Event)


class SessionWork:
    """What is done to one session while its row is locked.

    Events are numbered in the order in which they are published here; their technical side is
    recorded with them.
    """

    def __init__(
        self, connection: AsyncConnection, session: Session, *, topics: Topics, now: datetime
    ) -> None:
        self.connection = connection
        self.session = session
        self.now = now
        self.first_sequence = session.last_sequence + 1
        """The number of the first event that is recorded here."""
        self.repeated = False
        """Whether the request was made before, under the same idempotency key."""
        self._topics = topics
        self._records: list[OutgoingRecord] = []

    @property
    def records(self) -> list[OutgoingRecord]:
        """What is to be put into the outbox."""
        return self._records

    def change(self, **changes: Any) -> None:
        """Change fields of the session."""
        self.session = replace(self.session, **changes)

    async def publish(self, event: EventT) -> EventT:
        """Number an event, and the infrastructure events that belong to it; return it numbered."""
        recorded = self._record(event)
        if isinstance(event, DomainEvent):
            for technical in infrastructure_events(event):
                self._record(technical)
        return recorded

    def _record(self, event: EventT) -> EventT:
        sequence = self.session.last_sequence + 1
        recorded = event.recorded(
            sequence=sequence, source=f"/orchestrator/sessions/{self.session.id}"
        )
        self.change(last_sequence=sequence, updated_at=self.now)
        record = encode(recorded, self._topics)
        self._records.append(replace(record, headers=stamp(record.headers)))
        return recorded


class UnitOfWork:
    """Opens transactions over sessions, and wakes the relay when they have committed."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        relay: OutboxRelay,
        *,
        topics: Topics,
        clock: Clock,
        on_commit: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.database = database
        self.clock = clock
        self._outbox = outbox
        self._relay = relay
        self._topics = topics
        self._on_commit = on_commit

    @asynccontextmanager
    async def begin(
        self, session: Session, *, key: IdempotencyKey | None = None
    ) -> AsyncGenerator[SessionWork]:
        """Work on a session that is new; it is stored when the block ends without an error.

        If the key was used before, the work is on the session that was created then.
        """
        async with self.database.begin() as connection:
            earlier = await remember(connection, key, subject=session.id)
            if earlier:
                query = select(sessions).where(sessions.c.id == earlier)
                session = session_of((await connection.execute(query)).one())
            work = SessionWork(connection, session, topics=self._topics, now=self.clock.now())
            work.repeated = earlier is not None
            if not work.repeated:
                await connection.execute(insert(sessions).values(**_row(session)))
            yield work
            if not work.repeated:
                await self._store(work)
        self._committed(work)

    @asynccontextmanager
    async def beside(self, other: SessionWork, session: Session) -> AsyncGenerator[SessionWork]:
        """Work on a new session in the transaction over another: both are stored, or neither."""
        work = SessionWork(other.connection, session, topics=self._topics, now=other.now)
        await other.connection.execute(insert(sessions).values(**_row(session)))
        yield work
        await self._store(work)

    @asynccontextmanager
    async def session(self, session_id: str) -> AsyncGenerator[SessionWork]:
        """Work on a session that nobody else changes meanwhile.

        Raises:
            NotFoundError: there is no such session.
            DependencyDownError: the database cannot be reached; nothing was done.
        """
        async with self.database.begin() as connection:
            session = await read_session(connection, session_id, lock=True)
            work = SessionWork(connection, session, topics=self._topics, now=self.clock.now())
            before = work.session
            yield work
            if work.session != before:
                await self._store(work)
        self._committed(work)

    def _committed(self, work: SessionWork) -> None:
        if work.records:
            self._relay.committed()
            self._on_commit(work.session.id)

    async def _store(self, work: SessionWork) -> None:
        await work.connection.execute(
            update(sessions).where(sessions.c.id == work.session.id).values(**_row(work.session))
        )
        await self._outbox.add(work.connection, work.records)


async def read_session(
    connection: AsyncConnection, session_id: str, *, lock: bool = False
) -> Session:
    """Return a session, deleted or not; with ``lock`` nobody else changes it until the end.

    Raises:
        NotFoundError: there is no such session.
    """
    query = select(sessions).where(sessions.c.id == session_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no session {session_id!r}")
    return session_of(row)


def session_of(row: Any) -> Session:
    """Return the session of a row."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in Session.__slots__}
    fields["state"] = SessionState(row.state)
    fields["fork"] = None if row.fork is None else Fork.model_validate(row.fork)
    fields["delegated_by"] = tuple(row.delegated_by)
    fields["usage"] = Usage.model_validate(row.usage)
    fields["client_tools"] = restored(row.client_tools)
    fields["budget"] = None if row.budget is None else Budget.model_validate(row.budget)
    return Session(**fields)


def _row(session: Session) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(session, name) for name in Session.__slots__}
    row["usage"] = session.usage.model_dump(mode="json")
    row["budget"] = session.budget.model_dump(mode="json") if session.budget else None
    row["client_tools"] = stored(session.client_tools)
    row["fork"] = session.fork.model_dump(mode="json") if session.fork else None
    return row
