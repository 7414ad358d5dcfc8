# SPDX-License-Identifier: Apache-2.0
"""The audit service on a database, without a broker: records are handed to it by the test."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from opentelemetry.metrics import NoOpMeterProvider
from pydantic import SecretStr

from services.audit.checkpoints.schedule import CheckpointSchedule
from services.audit.checkpoints.signer import CheckpointSigner
from services.audit.handlers import AuditLogger
from services.audit.store.entry_queries import EntryQueries
from services.audit.store.evidence import Evidence
from services.audit.store.log_queries import LogQueries
from services.audit.store.log_reader import LogReader
from services.audit.store.log_writer import LogWriter
from services.audit.store.summary_queries import SummaryQueries
from services.audit.verifier import LogVerifier
from shared.database import Database
from shared.events import Event, MessageReceived, Topics
from shared.messaging import Record, encode
from shared.messaging.codec import deliver
from shared.settings import DatabaseSettings
from shared.telemetry import Instruments, Tracing
from tests.support.audit_logs import SIGNER
from tests.support.databases import MigratedDatabase

TOPICS = Topics()


@dataclass(kw_only=True)
class AuditUnderTest:
    """The parts of the service; ``cluster_id`` is what its broker answers."""

    database: Database
    instruments: Instruments
    cluster_id: str = "a-cluster"
    asked: int = 0
    grown: set[int] = field(default_factory=set[int])

    def __post_init__(self) -> None:
        self.logger = AuditLogger(
            LogWriter(self.database, Tracing.off()),
            ask_cluster_id=self._ask_cluster_id,
            on_growth=self.grown.update,
        )
        self.signer = CheckpointSigner(self.database, SIGNER.private_key)
        self.schedule = CheckpointSchedule(
            self.signer, interval=timedelta(milliseconds=1), instruments=self.instruments
        )
        self.logs = LogQueries(self.database)
        self.entries = EntryQueries(self.database)
        self.summaries = SummaryQueries(self.database)
        self.evidence = Evidence(self.database)
        self.reader = LogReader(self.database)
        self.verifier = LogVerifier(
            self.reader, key_of=self.signer.verifier, instruments=self.instruments
        )

    async def _ask_cluster_id(self) -> str:
        self.asked += 1
        return self.cluster_id

    async def log(self, records: Sequence[Record]) -> int:
        """Have the records logged in one batch; return how many had been logged before."""
        return await self.logger.apply([deliver(record) for record in records])

    async def sign(self) -> None:
        """Have all logs signed as they are."""
        for log_id in sorted(await self.signer.unsigned()):
            await self.signer.sign(log_id)


@asynccontextmanager
async def audit_on(migrated: MigratedDatabase) -> AsyncGenerator[AuditUnderTest]:
    """Give the service on a database, in its own role."""
    database = Database(DatabaseSettings(url=SecretStr(migrated.url("audit"))))
    try:
        yield AuditUnderTest(
            database=database, instruments=Instruments(NoOpMeterProvider().get_meter("test"))
        )
    finally:
        await database.stop()


def message(number: int, *, session: str = "s-1") -> Event:
    """Return a recorded event of a session; the same number gives the same event."""
    return MessageReceived(
        event_id=uuid5(NAMESPACE_OID, f"{session}/{number}"),
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        session_id=session,
        message_content=f"message {number}",
        message_length=10,
        correlation_id=f"c-{number}",
    ).recorded(sequence=number + 1, source=f"/orchestrator/sessions/{session}")


def record(offset: int, *, event: Event | None = None, partition: int = 0) -> Record:
    """Return the record of an event, by default of message number ``offset``."""
    outgoing = encode(event or message(offset), TOPICS)
    return Record(
        topic=outgoing.topic,
        partition=partition,
        offset=offset,
        timestamp=1_763_800_000_000 + offset,
        key=outgoing.key,
        value=outgoing.value,
        headers=outgoing.headers,
    )


def records(start: int, stop: int) -> list[Record]:
    """Return records of different events at the offsets from ``start`` up to but not ``stop``."""
    return [record(offset) for offset in range(start, stop)]


def poison(offset: int, value: bytes | None, **headers: bytes | None) -> Record:
    """Return a record that holds no event."""
    return Record(
        topic=TOPICS.domain,
        partition=0,
        offset=offset,
        timestamp=-1,
        key=None,
        value=value,
        headers=tuple(headers.items()),
    )
