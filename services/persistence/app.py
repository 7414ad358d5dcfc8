# SPDX-License-Identifier: Apache-2.0
"""Puts the service together."""

from functools import partial

from fastapi import FastAPI

from services.persistence.api import IMPORTS_PATH, history_router
from services.persistence.handlers import PersistenceSubscriber
from services.persistence.settings import PersistenceSettings
from services.persistence.store import PersistenceStore, SchemaCheck
from services.persistence.store.announcements import Announcing
from services.persistence.store.months import ensure_months
from services.persistence.store.rebuilding import Rebuilding
from services.persistence.store.snapshots import Snapshots
from services.persistence.upkeep import Upkeep
from shared.attempts import PostgresInHand
from shared.database import Database
from shared.service import ServiceIdentity, build_app, build_bus
from shared.telemetry import Telemetry

NAME = "persistence"
DEFAULT_PORT = 8001


def create_app(
    identity: ServiceIdentity, telemetry: Telemetry, settings: PersistenceSettings | None = None
) -> tuple[FastAPI, PersistenceSettings]:
    """Return the application of the service and the settings it was made from."""
    settings = settings or PersistenceSettings()
    database = Database(settings.database)
    bus = build_bus(identity, settings, telemetry, in_hand=PostgresInHand(database, schema=NAME))
    store = PersistenceStore(database, telemetry.tracing)
    bus.subscribe_sink(PersistenceSubscriber(store))
    upkeep = Upkeep(
        "upkeep",
        [Snapshots(database).advance, Rebuilding(database).advance],
        daily=partial(ensure_months, database),
    )
    announcing = Announcing(database, bus, aggregate_id=identity.aggregate_id)
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=[
            database,
            SchemaCheck(database),
            upkeep,
            bus,
            Upkeep("announcements", [announcing.advance]),
        ],
        routers=[history_router(database, store, installation=settings.installation)],
        body_limits={IMPORTS_PATH: settings.import_max_bytes},
    )
    return app, settings
