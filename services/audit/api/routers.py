# SPDX-License-Identifier: Apache-2.0
"""All routes of the audit trail."""

from fastapi import APIRouter

from services.audit.api.entries import entries_router
from services.audit.api.logs import logs_router
from services.audit.api.summaries import summaries_router
from services.audit.store.entry_queries import EntryQueries
from services.audit.store.evidence import Evidence
from services.audit.store.log_queries import LogQueries
from services.audit.store.log_reader import LogReader
from services.audit.store.summary_queries import SummaryQueries
from services.audit.verifier import KeyOf, LogVerifier
from shared.database import Database


def audit_routers(database: Database, *, verifier: LogVerifier, key_of: KeyOf) -> list[APIRouter]:
    """Return the routes that answer from ``database``."""
    entries, evidence = EntryQueries(database), Evidence(database)
    return [
        logs_router(
            queries=LogQueries(database),
            evidence=evidence,
            reader=LogReader(database),
            verifier=verifier,
            key_of=key_of,
        ),
        entries_router(queries=entries, evidence=evidence),
        summaries_router(summaries=SummaryQueries(database), entries=entries),
    ]
