# SPDX-License-Identifier: Apache-2.0
"""Puts the desk together."""

from collections.abc import Callable

from fastapi import FastAPI

from services.dead_letters import tables
from services.dead_letters.api import dead_letters_router
from services.dead_letters.depth import DepthGauge
from services.dead_letters.handlers import DeadLetterSink
from services.dead_letters.job_api import jobs_router
from services.dead_letters.job_runner import JobRunner
from services.dead_letters.settings import DeadLettersSettings
from services.dead_letters.store.desk import Desk
from services.dead_letters.store.discarding import Discarding
from services.dead_letters.store.editing import Editing
from services.dead_letters.store.erasing import Erasing
from services.dead_letters.store.intake import Intake
from services.dead_letters.store.job_desk import JobDesk
from services.dead_letters.store.job_leases import JobLeases
from services.dead_letters.store.job_work import JobWork
from services.dead_letters.store.recorder import Recorder
from services.dead_letters.store.redriving import Redriving
from services.dead_letters.store.resolving import Resolving
from services.dead_letters.store.returns import Returns
from shared.attempts import PostgresInHand
from shared.database import Database
from shared.events import Topics
from shared.events.topics import CONSUMING_SERVICES, MAX_DEAD_LETTER_BYTES
from shared.ids import new_id
from shared.outbox import Outbox, OutboxRelay
from shared.outbox.store import Depth
from shared.service import ServiceIdentity, build_app, build_bus
from shared.telemetry import Instruments, Telemetry

NAME = "dead_letters"
DEFAULT_PORT = 8005


def create_app(
    identity: ServiceIdentity, telemetry: Telemetry, settings: DeadLettersSettings | None = None
) -> tuple[FastAPI, DeadLettersSettings]:
    """Return the application of the desk and the settings it was made from."""
    settings = settings or DeadLettersSettings()
    topics = Topics(settings.kafka.topic_prefix)
    database = Database(settings.database)
    outbox = Outbox(tables.outbox, max_record_bytes=MAX_DEAD_LETTER_BYTES)
    recorder = Recorder(outbox=outbox, topics=topics)
    bus = build_bus(
        identity,
        settings,
        telemetry,
        topics=[topics.dead_letters, topics.infrastructure],
        in_hand=PostgresInHand(database, schema=NAME),
    )
    relay = OutboxRelay(
        outbox,
        database,
        bus.producer,
        retention=settings.outbox_retention,
        on_depth=_shown_on(telemetry.instruments),
    )
    returns = Returns(recorder=recorder, max_redrives=settings.max_redrives)
    sink = DeadLetterSink(
        topic=topics.dead_letters,
        intake=Intake(database=database, returns=returns),
        resolving=Resolving(database=database),
        erasing=Erasing(database=database),
        instruments=telemetry.instruments,
        committed=relay.committed,
    )
    bus.subscribe_sink(sink, undecodable="deliver")
    redriving = Redriving(recorder=recorder, services=CONSUMING_SERVICES)
    discarding = Discarding(recorder=recorder)
    desk = Desk(
        database=database,
        redriving=redriving,
        discarding=discarding,
        editing=Editing(recorder=recorder, services=CONSUMING_SERVICES),
        instruments=telemetry.instruments,
        committed=relay.committed,
    )
    leases = JobLeases(database=database, owner=str(new_id()))
    runner = JobRunner(
        leases,
        JobWork(
            leases=leases,
            redriving=redriving,
            discarding=discarding,
            recorder=recorder,
            instruments=telemetry.instruments,
            committed=relay.committed,
        ),
    )
    job_desk = JobDesk(
        database=database, recorder=recorder, committed=relay.committed, begun=runner.begun
    )
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=[database, bus, relay, runner, DepthGauge(database, telemetry.instruments)],
        routers=[
            dead_letters_router(database, desk, services=CONSUMING_SERVICES),
            jobs_router(database, job_desk),
        ],
    )
    return app, settings


def _shown_on(instruments: Instruments) -> Callable[[Depth], None]:
    def show(depth: Depth) -> None:
        instruments.outbox_pending.set(depth.records)
        instruments.outbox_oldest_age.set(depth.oldest_seconds)

    return show
