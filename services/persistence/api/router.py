# SPDX-License-Identifier: Apache-2.0
"""All routes of the service."""

from fastapi import APIRouter

from services.persistence.api import imports
from services.persistence.api.correlations import add_correlation_routes
from services.persistence.api.erasing import add_erasing_routes
from services.persistence.api.events import add_event_routes
from services.persistence.api.export import add_export_routes
from services.persistence.api.forks import add_fork_routes
from services.persistence.api.rebuilds import add_rebuild_routes
from services.persistence.api.sessions import add_session_routes
from services.persistence.api.verification import add_verification_routes
from services.persistence.queries.correlations import CorrelationQueries
from services.persistence.queries.counts import CountQueries
from services.persistence.queries.export import ExportQueries
from services.persistence.queries.forks import ForkQueries
from services.persistence.queries.history import HistoryQueries
from services.persistence.queries.imports import ImportQueries
from services.persistence.queries.parts import PartQueries
from services.persistence.queries.points import PointQueries
from services.persistence.queries.rebuilds import RebuildQueries
from services.persistence.queries.sessions import SessionQueries
from services.persistence.queries.streams import StreamQueries
from services.persistence.queries.verification import VerificationQueries
from services.persistence.store import PersistenceStore
from services.persistence.store.import_erasing import ImportErasing
from services.persistence.store.importing import Importing
from shared.clock import SystemClock
from shared.database import Database

PREFIX = "/v1"
IMPORTS_PATH = f"{PREFIX}{imports.PATH}"


def history_router(
    database: Database, store: PersistenceStore, *, installation: str = ""
) -> APIRouter:
    """Return the routes that answer from ``database``; what is imported goes through ``store``."""
    router = APIRouter(prefix=PREFIX)
    fork_queries = ForkQueries(database)
    import_queries = ImportQueries(database, Importing(database, store))
    add_session_routes(
        router,
        sessions=SessionQueries(database),
        parts=PartQueries(database),
        streams=StreamQueries(database),
        imports=import_queries,
        forks=fork_queries,
    )
    add_rebuild_routes(router, RebuildQueries(database))
    add_event_routes(router, HistoryQueries(database), PointQueries(database))
    add_correlation_routes(
        router, correlations=CorrelationQueries(database), counts=CountQueries(database)
    )
    add_fork_routes(router, fork_queries)
    add_verification_routes(router, VerificationQueries(database))
    add_export_routes(router, ExportQueries(database, SystemClock(), installation=installation))
    imports.add_import_routes(router, import_queries)
    add_erasing_routes(router, ImportErasing(database, store.erasing))
    return router
