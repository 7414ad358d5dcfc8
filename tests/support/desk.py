# SPDX-License-Identifier: Apache-2.0
"""The desk on a real database, without a broker; and what a test wants to know of it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from opentelemetry.metrics import NoOpMeterProvider
from pydantic import SecretStr
from sqlalchemy import select, text

from services.dead_letters import tables
from services.dead_letters.store.desk import Desk
from services.dead_letters.store.discarding import Discarding
from services.dead_letters.store.editing import Editing
from services.dead_letters.store.erasing import Erasing
from services.dead_letters.store.intake import Intake, Kept
from services.dead_letters.store.job_desk import JobDesk
from services.dead_letters.store.job_leases import LEASE, JobLeases
from services.dead_letters.store.job_work import JobWork
from services.dead_letters.store.letter_queries import letter, letter_page
from services.dead_letters.store.recorder import Recorder
from services.dead_letters.store.redriving import Redriving
from services.dead_letters.store.resolving import Resolving
from services.dead_letters.store.returns import Returns
from services.dead_letters.store.stored_headers import from_stored
from services.dead_letters.views import ActionResult, Letter, LetterFilters, RedriveRequest
from shared.database import Database
from shared.events import Event, Topics
from shared.events.topics import CONSUMING_SERVICES, MAX_DEAD_LETTER_BYTES
from shared.messaging import OutgoingRecord, Record, decode
from shared.messaging.headers import Headers
from shared.outbox import Outbox
from shared.settings import DatabaseSettings
from shared.telemetry import Instruments
from tests.support.databases import MigratedDatabase
from tests.support.dead_letter_records import read_back

MAX_REDRIVES = 2
WISH = RedriveRequest(operator="ada", reason="mended")


@dataclass(slots=True)
class Commits:
    """Counts how often the relay was told of a commit."""

    count: int = 0

    def note(self) -> None:
        """Count one."""
        self.count += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDesk:
    """The parts of the desk, and what is in its tables."""

    __test__ = False

    database: Database
    intake: Intake
    desk: Desk
    resolving: Resolving
    jobs: JobDesk
    erasing: Erasing
    commits: Commits = field(default_factory=Commits)

    async def keep(self, *records: Record | OutgoingRecord) -> Kept:
        """Take in records; those that were only written get the offsets 0, 1, 2…"""
        taken = [
            read_back(each, offset=offset) if isinstance(each, OutgoingRecord) else each
            for offset, each in enumerate(records)
        ]
        return await self.intake.keep(taken)

    async def letters(self) -> Sequence[Letter]:
        """Return all letters, those that came first first."""
        async with self.database.connect() as connection:
            page = await letter_page(connection, LetterFilters(limit=500))
            found = [
                await letter(connection, each.id, services=CONSUMING_SERVICES)
                for each in reversed(page.items)
            ]
        return [each for each in found if each]

    async def only_letter(self) -> Letter:
        """Return the letter, of which there is exactly one."""
        [found] = await self.letters()
        return found

    async def redrive(self, letter_id: UUID, wish: RedriveRequest = WISH) -> ActionResult:
        """Send a letter back, which has to be possible."""
        answer = await self.desk.redrive(letter_id, wish)
        assert isinstance(answer, ActionResult), answer
        return answer

    def replica(self, owner: str, *, lease: timedelta = LEASE) -> JobWork:
        """Return what works on jobs in a replica of the desk."""
        return JobWork(
            leases=JobLeases(database=self.database, owner=owner, lease=lease),
            redriving=self.desk.redriving,
            discarding=self.desk.discarding,
            recorder=self.jobs.recorder,
            instruments=self.desk.instruments,
            committed=self.commits.note,
        )

    async def outbox(self) -> list[OutgoingRecord]:
        """Return what was recorded to be published, in order."""
        records = tables.outbox.records
        async with self.database.connect() as connection:
            rows = (await connection.execute(select(records).order_by(records.c.position))).all()
        return [OutgoingRecord(row.topic, row.key, row.value, _pairs(row.headers)) for row in rows]

    async def redriven(self) -> list[OutgoingRecord]:
        """Return the records that are on their way to a retry topic."""
        return [each for each in await self.outbox() if each.topic.endswith(".retry")]

    async def events(self) -> list[Event]:
        """Return the events of the desk, in order."""
        records = [each for each in await self.outbox() if not each.topic.endswith(".retry")]
        return [decode(read_back(each)) for each in records]

    async def stored_bytes(self) -> dict[bytes | None, tuple[bytes | None, Headers]]:
        """Return value and headers of every delivery as the tables have them, by key."""
        query = text(
            "SELECT l.key, l.value, d.headers FROM dead_letters.letters l"
            " JOIN dead_letters.deliveries d ON d.letter_id = l.id"
        )
        async with self.database.connect() as connection:
            rows = (await connection.execute(query)).all()
        return {row.key: (row.value, from_stored(row.headers)) for row in rows}


def _pairs(flat: list[Any]) -> Headers:
    return tuple((name.decode(), value) for name, value in zip(flat[::2], flat[1::2], strict=True))


@asynccontextmanager
async def desk_on(database: MigratedDatabase) -> AsyncGenerator[TestDesk]:
    """Give the desk as its own role on a database."""
    pool = Database(DatabaseSettings(url=SecretStr(database.url("dead_letters"))))
    outbox = Outbox(tables.outbox, max_record_bytes=MAX_DEAD_LETTER_BYTES)
    recorder = Recorder(outbox=outbox, topics=Topics())
    commits = Commits()
    returns = Returns(recorder=recorder, max_redrives=MAX_REDRIVES)
    desk = Desk(
        database=pool,
        redriving=Redriving(recorder=recorder, services=CONSUMING_SERVICES),
        discarding=Discarding(recorder=recorder),
        editing=Editing(recorder=recorder, services=CONSUMING_SERVICES),
        instruments=Instruments(NoOpMeterProvider().get_meter("test")),
        committed=commits.note,
    )
    try:
        yield TestDesk(
            database=pool,
            intake=Intake(database=pool, returns=returns),
            desk=desk,
            resolving=Resolving(database=pool),
            jobs=JobDesk(
                database=pool, recorder=recorder, committed=commits.note, begun=lambda: None
            ),
            erasing=Erasing(database=pool),
            commits=commits,
        )
    finally:
        await pool.stop()
