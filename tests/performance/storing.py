# SPDX-License-Identifier: Apache-2.0
"""The persistence service without a broker."""

from services.persistence.handlers import PersistenceSubscriber
from services.persistence.store import PersistenceStore
from shared.database import Database
from shared.telemetry import Tracing


def subscriber_on(pool: Database) -> PersistenceSubscriber:
    """Return the sink of the service."""
    return PersistenceSubscriber(PersistenceStore(pool, Tracing.off()))
