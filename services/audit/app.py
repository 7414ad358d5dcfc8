# SPDX-License-Identifier: Apache-2.0
"""Puts the audit service together."""

from fastapi import FastAPI

from services.audit.api.routers import audit_routers
from services.audit.checkpoints.schedule import CheckpointSchedule
from services.audit.checkpoints.signer import CheckpointSigner
from services.audit.checkpoints.signing_key import load_signing_key
from services.audit.handlers import AuditLogger
from services.audit.settings import AuditSettings
from services.audit.store.log_reader import LogReader
from services.audit.store.log_writer import LogWriter
from services.audit.verifier import LogVerifier
from shared.attempts import PostgresInHand
from shared.database import Database
from shared.service import ServiceIdentity, build_app, build_bus
from shared.telemetry import Telemetry
from shared.telemetry.database import trace_engine

NAME = "audit"
DEFAULT_PORT = 8002


def create_app(
    identity: ServiceIdentity, telemetry: Telemetry, settings: AuditSettings | None = None
) -> tuple[FastAPI, AuditSettings]:
    """Return the application of the audit service and the settings it was made from.

    Raises:
        ConfigurationError: there is no signing key; the message says how to make one.
    """
    settings = settings or AuditSettings()
    private_key = load_signing_key(settings.signing_key_file, generate=settings.generate_key)
    database = Database(settings.database)
    trace_engine(database.engine, telemetry.tracing)
    signer = CheckpointSigner(database, private_key)
    schedule = CheckpointSchedule(
        signer, interval=settings.checkpoint_interval, instruments=telemetry.instruments
    )
    bus = build_bus(identity, settings, telemetry, in_hand=PostgresInHand(database, schema=NAME))
    logger = AuditLogger(
        LogWriter(database, telemetry.tracing),
        ask_cluster_id=bus.producer.cluster_id,
        on_growth=schedule.grown,
    )
    bus.subscribe_sink(logger, undecodable="deliver")
    verifier = LogVerifier(
        LogReader(database), key_of=signer.verifier, instruments=telemetry.instruments
    )
    app = build_app(
        identity,
        settings,
        telemetry,
        bus=bus,
        components=[database, schedule, bus],
        routers=audit_routers(database, verifier=verifier, key_of=signer.verifier),
    )
    return app, settings
