# SPDX-License-Identifier: Apache-2.0
"""Puts the service together."""

from fastapi import FastAPI

from services.persistence.api import history_router
from services.persistence.handlers import PersistenceSubscriber
from services.persistence.settings import PersistenceSettings
from services.persistence.store import PersistenceStore, SchemaCheck
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
    bus.subscribe_sink(PersistenceSubscriber(PersistenceStore(database, telemetry.tracing)))
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=[database, SchemaCheck(database), Upkeep(database), bus],
        routers=[history_router(database)],
    )
    return app, settings
